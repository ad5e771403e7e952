/** One step of a sequence: a call aimed at an outcome, sent, and compared with what the model expects. */
import fc, { type Arbitrary, type Command } from "fast-check";
import { isDeepStrictEqual } from "node:util";
import type { Cast } from "../cast.ts";
import type { Chain } from "../chain.ts";
import type { Coverage } from "../coverage.ts";
import { assertInvariants } from "../invariants.ts";
import { type Call, expect } from "../operations/index.ts";
import type { State } from "../state.ts";
import type { StoredState } from "../stored-state.ts";

export const STEPS_PER_SEQUENCE = 100;

/** The model of one sequence: what fast-check hands from command to command. */
export interface Model {
  state: State;
  cast: Cast;
  steps: number;
}

/** What the model is compared with. */
export interface Real {
  chain: Chain;
  stored: StoredState;
  coverage: Coverage;
}

export type Step = Command<Model, Real>;

/** Choices left to chance; what each decides is up to the command. Zero is the simplest. */
export interface Dice {
  who: number;
  what: number;
  size: number;
  other: number;
}

const natural = fc.nat({ max: 0xffff });
const dice: Arbitrary<Dice> = fc.record({ who: natural, what: natural, size: natural, other: natural });

/** Makes a call in the present state, or null when there is nothing to make it of. */
export type Maker<C extends Call = Call> = (model: Readonly<Model>, dice: Dice) => C | null;

export interface Aim {
  /** As coverage counts it: operation and outcome. */
  outcome: string;
  steps: Arbitrary<Step>;
}

/** Steps that make this call, taken only where the model expects this outcome. */
export const aim = (operation: Call["name"], outcome: "ok" | number, make: Maker): Aim => ({
  outcome: `${operation} ${outcome}`,
  steps: dice.map((thrown) => new CallStep(outcome, (model) => make(model, thrown))),
});

/** As many errors of one operation, each with its way to get there. */
export const aims = (operation: Call["name"], errors: [number, Maker][]): Aim[] =>
  errors.map(([code, make]) => aim(operation, code, make));

export class CallStep implements Step {
  private sent: Call | null = null;

  constructor(
    private readonly outcome: "ok" | number | null,
    private readonly make: (model: Readonly<Model>) => Call | null,
  ) {}

  check(model: Readonly<Model>): boolean {
    if (model.steps >= STEPS_PER_SEQUENCE) return false;
    const call = this.make(model);
    if (call === null) return false;
    const expected = expect(model.state, call);
    return this.outcome === null || this.outcome === ("err" in expected ? expected.err : "ok");
  }

  run(model: Model, { chain, stored, coverage }: Real): void {
    const before = model.state;
    const call = this.make(model)!;
    this.sent = call;
    const expected = expect(before, call);
    const answer = chain.send(call, model.cast.wallets.has(call.sender));
    const after = "err" in expected ? before : expected.state;
    const should =
      "err" in expected
        ? { result: { err: BigInt(expected.err) }, events: [] }
        : { result: { ok: expected.ok }, events: expected.events };
    if (!isDeepStrictEqual(answer, should)) {
      throw new Error(`answered ${show(answer)}\nexpected ${show(should)}`);
    }
    stored.assertEquals(after);
    assertInvariants({ before, after, call, answer }, chain);
    coverage.count(call.name, "err" in expected ? String(expected.err) : "ok");
    model.state = after;
    model.steps += 1;
  }

  /** Empty when the step was not taken. */
  toString(): string {
    return this.sent === null ? "" : show(this.sent);
  }
}

export function show(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? `${field}n` : field));
}
