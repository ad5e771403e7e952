import fc, { type Arbitrary } from "fast-check";
import { Mood } from "../state.ts";
import { type Model, type Real, type Step, STEPS_PER_SEQUENCE } from "./step.ts";

class SetMood implements Step {
  private wasTaken = false;

  constructor(private readonly mood: Mood) {}

  check(model: Readonly<Model>): boolean {
    return model.steps < STEPS_PER_SEQUENCE && model.state.mood !== this.mood;
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
export const setMood: Arbitrary<Step> = fc.constantFrom(...Object.values(Mood)).map((mood) => new SetMood(mood));
export const soothe: Arbitrary<Step> = fc.constant(Mood.OBEYS).map((mood) => new SetMood(mood));
