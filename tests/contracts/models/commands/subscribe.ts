import { SUBSCRIPTIONS } from "../../subscriptions/helpers.ts";
import type { Subscribe } from "../operations/subscribe.ts";
import { balanceOf, type Plan, powersOf } from "../state.ts";
import { routeOf, somebodyElse } from "./choose.ts";
import { pickPlan } from "./close-plan.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** Whether recoup-subscriptions may bill for the plan's merchant. */
export const isBilled = ({ state }: Readonly<Model>, plan: Plan): boolean =>
  powersOf(state, plan.merchant, SUBSCRIPTIONS)["may-invoice"];

const canBeTaken = (model: Readonly<Model>) => (plan: Plan) => plan.open && isBilled(model, plan);

/** Somebody subscribes to a plan of this kind. */
export function subscription(
  model: Readonly<Model>,
  dice: Dice,
  holds: (plan: Plan) => boolean = canBeTaken(model),
): Subscribe | null {
  const [planId, plan] = pickPlan(model, dice.what, holds) ?? [];
  if (planId === undefined || plan === undefined) return null;
  const sender = somebodyElse(model, dice.who, plan.merchant);
  return {
    name: "subscribe",
    sender,
    route: routeOf(model, sender, dice.other % 5 === 4),
    planId,
    merchant: plan.merchant,
    amount: plan.amount,
    token: plan.token,
  };
}

export const subscribe = aim("subscribe", "ok", (model, dice) =>
  subscription(model, dice, (plan) => canBeTaken(model)(plan) && balanceOf(model.state, plan.token, model.cast.payers[0]!) >= plan.amount),
);
