import type { CancelSubscription } from "../operations/cancel-subscription.ts";
import { isActive, type OfSubscription, pickSubscription } from "./pay-subscription.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** Subscriber or merchant ends a subscription of this kind. */
export function cancellation(model: Readonly<Model>, dice: Dice, holds: OfSubscription = isActive): CancelSubscription | null {
  const found = pickSubscription(model, dice.what, holds);
  if (found === undefined) return null;
  const sender = dice.who % 2 === 0 ? found.subscription.payer : found.plan.merchant;
  return { name: "cancel-subscription", sender, route: "direct", subscriptionId: found.id };
}

export const cancelSubscription = aim("cancel-subscription", "ok", cancellation);
