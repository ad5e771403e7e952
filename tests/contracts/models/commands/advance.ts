import fc, { type Arbitrary } from "fast-check";
import type { State } from "../state.ts";
import { deadlineOf } from "../state.ts";
import { pick } from "./choose.ts";
import { type Model, type Real, type Step, STEPS_PER_SEQUENCE } from "./step.ts";

/** Mining further than this would take most of the time of a sequence. */
const FURTHEST = 6_000n;

/** Heights around which something changes: expiries, deadlines, and the last blocks for instalments. */
function turningPoints({ now, invoices, ledger }: State): bigint[] {
  const expiries = [...invoices.values()].map((invoice) => invoice["expires-at"]);
  const deadlines = [...ledger].map(([key, entry]) => deadlineOf(invoices.get(BigInt(key.split(" ")[0]!))!, entry));
  return [...expiries, ...deadlines, ...deadlines.map((deadline) => deadline - 144n)]
    .flatMap((height) => [height - 1n, height, height + 1n])
    .filter((height) => height > now && height <= now + FURTHEST);
}

class Advance implements Step {
  private blocks = 0n;

  constructor(private readonly choose: (state: State) => bigint) {}

  check(model: Readonly<Model>): boolean {
    return model.steps < STEPS_PER_SEQUENCE && this.choose(model.state) > 0n;
  }

  run(model: Model, { chain, stored, coverage }: Real): void {
    this.blocks = this.choose(model.state);
    chain.advance(this.blocks);
    model.state = { ...model.state, now: model.state.now + this.blocks };
    stored.assertEquals(model.state);
    coverage.count("advance", "ok");
    model.steps += 1;
  }

  toString(): string {
    return this.blocks === 0n ? "" : `advance ${this.blocks} burn blocks`;
  }
}

/** A few blocks pass. */
export const advance: Arbitrary<Step> = fc.integer({ min: 1, max: 30 }).map((blocks) => new Advance(() => BigInt(blocks)));

/** Time passes until just before, at, or just after something changes. */
export const advanceToTurningPoint: Arbitrary<Step> = fc.nat({ max: 0xffff }).map(
  (chance) => new Advance((state) => (pick(turningPoints(state), chance) ?? state.now) - state.now),
);
