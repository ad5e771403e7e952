import fc, { type Arbitrary } from "fast-check";
import { Mood } from "../state.ts";
import { lastCoin } from "./reserve-refund-err.ts";
import { type Model, type Real, type Step, STEPS_PER_SEQUENCE } from "./step.ts";

class SetMood implements Step {
  private wasTaken = false;

  constructor(
    private readonly mood: Mood,
    private readonly when: (model: Readonly<Model>) => boolean = () => true,
  ) {}

  check(model: Readonly<Model>): boolean {
    return model.steps < STEPS_PER_SEQUENCE && model.state.mood !== this.mood && this.when(model);
  }

  run(model: Model, { chain, stored, coverage }: Real): void {
    this.wasTaken = true;
    chain.setMood(model.cast.tokens[2], this.mood);
    model.state = { ...model.state, mood: this.mood };
    stored.assertEquals(model.state);
    coverage.count("set-mood", "ok");
    model.steps += 1;
  }

  toString(): string {
    return !this.wasTaken ? "" : `the token now ${Object.entries(Mood).find(([, mood]) => mood === this.mood)?.[0]}`;
  }
}

/** The sequence's own token turns hostile, or obeys again. */
export const setMood: Arbitrary<Step> = fc.constantFrom(...Object.values(Mood), Mood.MOVES_MORE, Mood.REFUSES).map((mood) => new SetMood(mood));
export const soothe: Arbitrary<Step> = fc.constant(Mood.OBEYS).map((mood) => new SetMood(mood));
/** It wants more just when a delegate could refund the last that the reserve holds of it. */
export const wantMore: Arbitrary<Step> = fc.constant(Mood.MOVES_MORE).map(
  (mood) => new SetMood(mood, (model) => lastCoin(model, { who: 0, what: 0, size: 0, other: 0 }) !== null),
);
