/**
 * The three contracts against their model: random sequences of calls by merchants, payers, operators, delegates,
 * strangers, relays and smart wallets. After every step, everything that the contracts store, and every balance, is
 * compared with the model, and the invariants are asserted.
 *
 * RECOUP_FUZZ_RUNS sequences (200) from seed RECOUP_FUZZ_SEED (a new one each time; a failure prints it, and the path
 * to the shortest sequence that fails, for RECOUP_FUZZ_PATH).
 */
import fc from "fast-check";
import { writeSync } from "node:fs";
import { expect, inject, it } from "vitest";
import { Chain, type Epoch } from "./chain.ts";
import { outcomes, sequence } from "./commands/index.ts";
import { STEPS_PER_SEQUENCE } from "./commands/step.ts";
import { Coverage } from "./coverage.ts";
import { runSequence } from "./run.ts";

declare module "vitest" {
  export interface ProvidedContext {
    epoch: Epoch;
  }
}

/** Starting a chain takes a second; a chain that is used too long becomes slow. */
const SEQUENCES_PER_CHAIN = 20;

/** With fewer sequences than these, an outcome may be missing by chance: the rarest comes about once in 20. */
const ENOUGH_FOR_ALL_OUTCOMES = 200;

const runs = Number(process.env.RECOUP_FUZZ_RUNS ?? 200);
const seed = Number(process.env.RECOUP_FUZZ_SEED ?? Date.now() % 2 ** 31);
const path = process.env.RECOUP_FUZZ_PATH;

// Simnet prints every contract event to the console.
console.log = () => undefined;

it(`behaves as its model in ${runs} random sequences of ${STEPS_PER_SEQUENCE} steps`, async () => {
  const epoch = inject("epoch");
  const coverage = new Coverage();
  const started = Date.now();
  let sequences = 0;
  let shortest = Infinity;
  let chain: Chain | undefined;

  const property = fc.asyncProperty(sequence, async ({ steps }) => {
    if (chain === undefined || sequences % SEQUENCES_PER_CHAIN === 0) chain = await Chain.start(epoch);
    sequences += 1;
    shortest = Math.min(shortest, runSequence(chain, steps, coverage));
  });
  await fc.assert(property, { numRuns: runs, seed, ...(path === undefined ? {} : { path }), endOnFailure: path !== undefined });

  const seconds = Math.round((Date.now() - started) / 1000);
  // Past vitest, which keeps what passing tests print to itself.
  writeSync(1, `contracts, epoch ${epoch}: ${sequences} sequences, ${coverage.steps} steps, seed ${seed}, ${seconds} s\n`);
  writeSync(1, `${coverage.report()}\n`);
  expect(shortest).toBe(STEPS_PER_SEQUENCE);
  if (runs >= ENOUGH_FOR_ALL_OUTCOMES) expect(coverage.missing(outcomes)).toEqual([]);
});
