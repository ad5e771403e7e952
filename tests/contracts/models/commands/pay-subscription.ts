import { SubscriptionStatus } from "../../subscriptions/helpers.ts";
import type { PaySubscription } from "../operations/pay-subscription.ts";
import type { Plan, Subscription } from "../state.ts";
import { pick, routeOf } from "./choose.ts";
import { isBilled } from "./subscribe.ts";
import { aim, type Dice, type Model } from "./step.ts";

export type OfSubscription = (subscription: Subscription, plan: Plan) => boolean;

/** One of the sequence's subscriptions for which this holds. */
export const pickSubscription = ({ state }: Readonly<Model>, chance: number, holds: OfSubscription) =>
  pick(
    [...state.subscriptions]
      .map(([id, subscription]) => ({ id, subscription, plan: state.plans.get(subscription["plan-id"])! }))
      .filter(({ subscription, plan }) => holds(subscription, plan))
      .reverse(),
    chance,
  );

export const isActive = ({ status }: Subscription): boolean => status === SubscriptionStatus.ACTIVE;

/** Not more than the next period is paid. */
export const isDue = ({ state }: Readonly<Model>, subscription: Subscription, plan: Plan): boolean =>
  subscription["next-due"] <= state.now + plan.interval;

/** The subscriber pays the next period of a subscription of this kind. */
export function period(
  model: Readonly<Model>,
  dice: Dice,
  holds: OfSubscription = (subscription, plan) => isActive(subscription) && isDue(model, subscription, plan) && isBilled(model, plan),
): PaySubscription | null {
  const found = pickSubscription(model, dice.what, holds);
  if (found === undefined) return null;
  const { id, subscription, plan } = found;
  return {
    name: "pay-subscription",
    sender: subscription.payer,
    route: routeOf(model, subscription.payer, dice.other % 5 === 4),
    subscriptionId: id,
    merchant: plan.merchant,
    amount: plan.amount,
    token: plan.token,
  };
}

export const paySubscription = aim("pay-subscription", "ok", period);
