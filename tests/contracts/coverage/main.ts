/**
 * Fails when the model's sequences leave a line of the contracts' public functions, or of what they are made of, undone; read-only
 * functions, which the examples test, apart. Lines are clarinet-sdk's, in lcov's format.
 */
import fc from "fast-check";
import { Chain } from "../models/chain.ts";
import { sequence } from "../models/commands/index.ts";
import { Coverage } from "../models/coverage.ts";
import { runSequence } from "../models/run.ts";
import { CONTRACTS, pathOf, readContract } from "../source/contract.ts";

const SEQUENCES = 30;
/** Always the same, so that the answer is. */
const SEED = 20_260_101;

// Simnet prints every contract event to the console.
const print = console.log;
console.log = () => undefined;

const chain = await Chain.start("3.3", { trackCoverage: true });
for (const { steps } of fc.sample(sequence, { numRuns: SEQUENCES, seed: SEED })) runSequence(chain, steps, new Coverage());

const records = chain.takeLcov().split("end_of_record");

/** How often each line of a contract was carried out; lines that hold nothing to do are absent. */
function hitsOf(path: string): Map<number, number> {
  const record = records.find((part) => part.includes(`${path}\n`)) ?? "";
  const hits = new Map<number, number>();
  for (const [, line, count] of record.matchAll(/^DA:(\d+),(\d+)$/gm)) hits.set(Number(line), (hits.get(Number(line)) ?? 0) + Number(count));
  return hits;
}

for (const name of CONTRACTS) {
  const { source, functions } = readContract(name);
  const lineAt = (offset: number) => source.slice(0, offset).split("\n").length;
  const hits = hitsOf(pathOf(name));
  // The SDK does not count a tuple that a name is given to; the lines of its fields it does.
  const isCounted = (line: number) => !/^\s*\([\w-]+ \{$/.test(source.split("\n")[line - 1] ?? "");
  const lines = [...functions.values()]
    .filter(({ access }) => access !== "read-only")
    .flatMap(({ expression: { start, end } }) => [...hits].filter(([line]) => line >= lineAt(start) && line <= lineAt(end) && isCounted(line)));
  const missed = lines.filter(([, count]) => count === 0).map(([line]) => line);
  print(`${name}: ${lines.length - missed.length} of ${lines.length} lines`);
  for (const line of missed) print(`  ${pathOf(name)}:${line}: ${source.split("\n")[line - 1]?.trim() ?? ""}`);
  if (missed.length > 0 || lines.length === 0) process.exitCode = 1;
}
