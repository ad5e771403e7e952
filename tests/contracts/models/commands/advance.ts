import fc, { type Arbitrary } from "fast-check";
import { deadlineOf, type State } from "../state.ts";
import { pick } from "./choose.ts";
import { isPayable } from "./pay.ts";
import { type Model, type Real, type Step, STEPS_PER_SEQUENCE } from "./step.ts";

/** Mining further than this would take most of the time of a sequence. */
const FURTHEST = 6_000n;

/** Heights around which something changes: expiries, deadlines, the last blocks for instalments, periods. */
function turningPoints({ now, invoices, ledger, subscriptions, delegates }: State): bigint[] {
  const expiries = [...invoices.values(), ...delegates.values()].map((one) => one["expires-at"]);
  const periods = [
    ...[...subscriptions.values()].map((subscription) => subscription["next-due"]),
    ...[...delegates.values()].map((delegation) => delegation["period-start"] + delegation.period),
  ];
  const deadlines = [...ledger].map(([key, entry]) => deadlineOf(invoices.get(BigInt(key.split(" ")[0]!))!, entry));
  return [...expiries, ...periods, ...deadlines, ...deadlines.map((deadline) => deadline - 144n)]
    .flatMap((height) => [height - 1n, height, height + 1n])
    .filter((height) => height > now && height <= now + FURTHEST);
}

class Advance implements Step {
  private blocks = 0n;

  constructor(private readonly choose: (model: Readonly<Model>) => bigint) {}

  check(model: Readonly<Model>): boolean {
    return model.steps < STEPS_PER_SEQUENCE && this.choose(model) > 0n;
  }

  run(model: Model, { chain, stored, coverage }: Real): void {
    this.blocks = this.choose(model);
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

/** The last heights at which payers can pay a further instalment that is due, and the first at which it is too late. */
function lastInstalments({ state }: Readonly<Model>): bigint[] {
  return [...state.ledger].flatMap(([key, entry]) => {
    const invoice = state.invoices.get(BigInt(key.split(" ")[0]!))!;
    const last = deadlineOf(invoice, entry) - 144n;
    return [last, last + 1n].filter((height) => {
      const isOpen = isPayable({ ...state, now: height }, invoice) && invoice["amount-paid"] < invoice.amount;
      return isOpen && height > state.now && height <= state.now + FURTHEST;
    });
  });
}

/** A few blocks pass. */
export const advance: Arbitrary<Step> = fc.integer({ min: 1, max: 30 }).map((blocks) => new Advance(() => BigInt(blocks)));

/** Time passes until an instalment is just in time, or too late. */
export const advanceToLastInstalments: Arbitrary<Step> = fc.nat({ max: 0xffff }).map(
  (chance) => new Advance((model) => (pick(lastInstalments(model), chance) ?? model.state.now) - model.state.now),
);

/** Time passes until just before, at, or just after something changes. */
export const advanceToTurningPoint: Arbitrary<Step> = fc.nat({ max: 0xffff }).map(
  (chance) => new Advance(({ state }) => (pick(turningPoints(state), chance) ?? state.now) - state.now),
);
