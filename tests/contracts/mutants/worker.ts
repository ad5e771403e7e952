/**
 * Judges mutants, one a line on standard input by its id, one line of answer each. The model's sequences come first: they
 * kill most mutants within a second, in a VM that is loaded once. What outlives them is given to the example tests.
 */
import { execFile } from "node:child_process";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { Chain } from "../models/chain.ts";
import { sequence } from "../models/commands/index.ts";
import { Coverage } from "../models/coverage.ts";
import { runSequence } from "../models/run.ts";
import type { ContractName } from "../source/contract.ts";
import { allMutants, type Mutant } from "./enumerate.ts";
import { withProject } from "./project.ts";

export type Verdict = "stillborn" | "killed by the model" | "killed by an example" | "survived";

const SEQUENCES = 12;
/** Always the same, so that a verdict can be repeated. */
const SEED = 20_260_101;

// Simnet prints every contract event to the console.
const answer = console.log;
console.log = () => undefined;
console.error = () => undefined;

const sequences = fc.sample(sequence, { numRuns: SEQUENCES, seed: SEED });
const mutants = new Map(allMutants().map((mutant) => [mutant.id, mutant]));

function passesModel(chain: Chain): boolean {
  try {
    for (const { steps } of sequences) runSequence(chain, steps, new Coverage());
    return true;
  } catch (error) {
    // The VM itself fell: it can judge nothing more.
    if (error instanceof WebAssembly.RuntimeError) process.exitCode = 9;
    return false;
  }
}

/** The examples of each contract's behaviour; other tests read the sources, and would look at the contracts as they are. */
const EXAMPLES: Record<ContractName, string[]> = {
  "recoup-core": [
    "read-only", "errors", "hostile-tokens", "refund.test", "refund-many", "contracts/pay.test", "invoice-and-pay", "create-invoice",
    "cancel-invoice", "extend-refund-window", "set-operator", "extremes", "strangers",
  ],
  "recoup-subscriptions": ["contracts/subscriptions/", "strangers"],
  "recoup-reserve": ["contracts/reserve/", "strangers"],
};

const passesExamples = (manifest: string, { contract }: Mutant): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, RECOUP_MANIFEST: manifest }, maxBuffer: 2 ** 26 };
    const files = [...EXAMPLES[contract], "--exclude", "**/source.test.ts"];
    execFile("npx", ["vitest", "run", "--project", "contracts", "--bail", "1", ...files], options, (error) => resolve(error === null));
  });

async function judge(mutant: Mutant | null): Promise<Verdict> {
  return await withProject(mutant, async (manifest) => {
    let chain: Chain;
    try {
      chain = await Chain.start("3.3", { manifest });
    } catch {
      return "stillborn";
    }
    if (!passesModel(chain)) return "killed by the model";
    if (mutant === null) return "survived";
    return (await passesExamples(manifest, mutant)) ? "survived" : "killed by an example";
  });
}

// A judge that condemns the contracts as they are would condemn everything.
if ((await judge(null)) !== "survived") throw new Error("the contracts as they are do not pass");
for await (const id of createInterface({ input: process.stdin })) {
  const mutant = mutants.get(id);
  if (mutant === undefined) throw new Error(`no mutant ${id}`);
  answer(`${id}\t${await judge(mutant)}`);
  if (process.exitCode === 9) process.exit();
}
