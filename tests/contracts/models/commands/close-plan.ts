import type { ClosePlan } from "../operations/close-plan.ts";
import type { Plan } from "../state.ts";
import { pick } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** One of the sequence's plans for which this holds. */
export const pickPlan = (
  { state }: Readonly<Model>,
  chance: number,
  holds: (plan: Plan) => boolean,
): [id: bigint, plan: Plan] | undefined => pick([...state.plans].filter(([, plan]) => holds(plan)).reverse(), chance);

/** The merchant closes a plan of this kind. */
export function closing(model: Readonly<Model>, dice: Dice, holds: (plan: Plan) => boolean = ({ open }) => open): ClosePlan | null {
  const found = pickPlan(model, dice.what, holds);
  return found ? { name: "close-plan", sender: found[1].merchant, route: "direct", planId: found[0] } : null;
}

export const closePlan = aim("close-plan", "ok", closing);
