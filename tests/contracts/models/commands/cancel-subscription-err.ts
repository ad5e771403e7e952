import { U128_MAX } from "../../helpers.ts";
import { SubscriptionErr } from "../../subscriptions/helpers.ts";
import { cancellation } from "./cancel-subscription.ts";
import { anybody, isPerson, pickOf, somebodyElse } from "./choose.ts";
import { isActive } from "./pay-subscription.ts";
import { aims } from "./step.ts";

export const cancelSubscriptionErrors = aims("cancel-subscription", [
  [
    SubscriptionErr.SUBSCRIPTION_NOT_FOUND,
    (model, { who, other }) => ({
      name: "cancel-subscription",
      sender: anybody(model, who),
      route: "direct",
      subscriptionId: pickOf([model.state.lastSubscriptionId + 1n, 0n, U128_MAX], other),
    }),
  ],
  [
    SubscriptionErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = cancellation(model, dice, () => true);
      if (call === null) return null;
      if (dice.other % 3 === 0) return isPerson(model, call.sender) ? { ...call, route: "relay" } : null;
      const subscription = model.state.subscriptions.get(call.subscriptionId)!;
      const { merchant } = model.state.plans.get(subscription["plan-id"])!;
      return { ...call, sender: somebodyElse(model, dice.size, subscription.payer, merchant) };
    },
  ],
  [SubscriptionErr.CANCELLED, (model, dice) => cancellation(model, dice, (subscription) => !isActive(subscription))],
]);
