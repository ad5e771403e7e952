/** One sequence by a cast of its own, on a chain that it may share with others. */
import fc from "fast-check";
import { newCast } from "./cast.ts";
import type { Chain } from "./chain.ts";
import type { Model, Step } from "./commands/step.ts";
import type { Coverage } from "./coverage.ts";
import { StoredState } from "./stored-state.ts";

/** Takes the steps, compares after each, and answers how many were taken. */
export function runSequence(chain: Chain, steps: readonly Step[], coverage: Coverage): number {
  const { cast, state } = newCast(chain);
  const model: Model = { state, cast, steps: 0 };
  const stored = new StoredState(chain, cast, state);
  fc.modelRun(() => ({ model, real: { chain, stored, coverage } }), steps);
  stored.assertNothingElse(model.state);
  return model.steps;
}
