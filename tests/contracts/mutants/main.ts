/**
 * Tests the tests: each mutant of the contracts must be noticed by one of them, or be explained in survivors.ts.
 *
 * RECOUP_MUTANTS is how many to try (60 of all, chosen by RECOUP_MUTANTS_SEED), "all", or a part of an id.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { allMutants, type Mutant, OPERATORS } from "./enumerate.ts";
import { SURVIVORS } from "./survivors.ts";
import type { Verdict } from "./worker.ts";

const WORKERS = 2;
const wanted = process.env.RECOUP_MUTANTS ?? "60";
const seed = Number(process.env.RECOUP_MUTANTS_SEED ?? 1);

/** The same order for the same seed: each id has a number of its own, so that an edit moves few of the others. */
function lotOf(id: string): number {
  let hash = 2_166_136_261 ^ seed;
  for (const character of id) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
  return (Math.imul(hash ^ (hash >>> 15), 2_246_822_519) ^ (hash >>> 13)) >>> 0;
}

const all = allMutants();
const queue = all.filter(({ id }) => !Number.isNaN(Number(wanted)) || wanted === "all" || id.includes(wanted)).sort((a, b) => lotOf(a.id) - lotOf(b.id));
/** Mutants that the VM refuses do not count. */
let left = Number.isNaN(Number(wanted)) ? queue.length : Number(wanted);
const verdicts = new Map<Mutant, Verdict>();

async function work(): Promise<void> {
  const worker = spawn("npx", ["tsx", new URL("worker.ts", import.meta.url).pathname], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const answers = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
  while (left > 0) {
    const mutant = queue.shift();
    if (mutant === undefined) break;
    left -= 1;
    worker.stdin.write(`${mutant.id}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`a worker ended at ${mutant.id}`);
    const verdict = value.split("\t")[1] as Verdict;
    verdicts.set(mutant, verdict);
    if (verdict === "stillborn") left += 1;
    console.log(`${verdict.padEnd(20)} ${mutant.id} (line ${mutant.line}): ${mutant.before.slice(0, 60)} -> ${mutant.after.slice(0, 60)}`);
    // A worker whose VM fell says so by ending; another one goes on.
    if (worker.exitCode !== null) return await work();
  }
  worker.stdin.end();
  await ended;
}

const started = Date.now();
await Promise.all(Array.from({ length: WORKERS }, work));

const of = (verdict: Verdict) => [...verdicts].filter(([, found]) => found === verdict).map(([mutant]) => mutant);
const survivors = of("survived");
const unexplained = survivors.filter(({ id }) => !SURVIVORS.some((survivor) => survivor.id === id));
const stale = SURVIVORS.filter(({ id }) => [...verdicts.keys()].some((mutant) => mutant.id === id && !survivors.includes(mutant)));
const counts = OPERATORS.map((operator) => `${operator} ${all.filter((mutant) => mutant.operator === operator).length}`);
console.log(`\n${all.length} mutants: ${counts.join(", ")}`);
console.log(
  `tried ${verdicts.size - of("stillborn").length} (seed ${seed}) in ${Math.round((Date.now() - started) / 1000)} s: ` +
    `${of("killed by the model").length} killed by the model, ${of("killed by an example").length} by an example, ` +
    `${survivors.length} survived, ${survivors.length - unexplained.length} of them explained; ${of("stillborn").length} refused by the VM`,
);
for (const { id, before, after } of unexplained) console.log(`not explained: ${id}\n  ${before}\n  ${after}`);
for (const { id } of stale) console.log(`explained, but killed: ${id}`);
process.exitCode = unexplained.length + stale.length > 0 ? 1 : 0;
