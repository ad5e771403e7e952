import { Err, U128_MAX } from "../../helpers.ts";
import { SubscriptionErr } from "../../subscriptions/helpers.ts";
import { isMoody } from "../operations/transfer.ts";
import { balanceOf } from "../state.ts";
import { otherToken, pick, pickOf, routeOf, somebodyElse } from "./choose.ts";
import { isActive, isDue, type OfSubscription, period } from "./pay-subscription.ts";
import { isBilled } from "./subscribe.ts";
import { aims, type Dice, type Model } from "./step.ts";

const payable = (model: Readonly<Model>, holds: OfSubscription): OfSubscription => (subscription, plan) =>
  isActive(subscription) && isDue(model, subscription, plan) && isBilled(model, plan) && holds(subscription, plan);

/** In the token that can turn hostile; whether it did is up to the sequence. */
const moody = (model: Readonly<Model>, dice: Dice) =>
  period(model, dice, payable(model, (_, { token }) => token !== null && isMoody(token)));

export const paySubscriptionErrors = aims("pay-subscription", [
  [
    SubscriptionErr.SUBSCRIPTION_NOT_FOUND,
    (model, dice) => {
      const call = period(model, dice, () => true);
      return call && { ...call, subscriptionId: pickOf([model.state.lastSubscriptionId + 1n, 0n, U128_MAX], dice.other) };
    },
  ],
  [
    SubscriptionErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = period(model, dice, () => true);
      if (call === null) return null;
      const sender = dice.size % 3 === 0 ? call.merchant : somebodyElse(model, dice.who, call.sender);
      return { ...call, sender, route: routeOf(model, sender, dice.other % 4 === 0) };
    },
  ],
  [SubscriptionErr.CANCELLED, (model, dice) => period(model, dice, (subscription) => !isActive(subscription))],
  [
    SubscriptionErr.TERMS_DIFFER,
    (model, dice) => {
      const call = period(model, dice);
      if (call === null) return null;
      const wrong = [{ amount: call.amount - 1n }, { amount: U128_MAX }, { merchant: somebodyElse(model, dice.size, call.merchant) }];
      return { ...call, ...pick(wrong, dice.other) };
    },
  ],
  [
    SubscriptionErr.TOKEN_MISMATCH,
    (model, dice) => {
      const call = period(model, dice);
      return call && { ...call, token: otherToken(model, call.token, dice.other) };
    },
  ],
  [
    SubscriptionErr.TOO_EARLY,
    (model, dice) => period(model, dice, (subscription, plan) => isActive(subscription) && !isDue(model, subscription, plan)),
  ],
  [
    Err.NOT_AUTHORISED,
    (model, dice) =>
      period(model, dice, (subscription, plan) =>
        isActive(subscription) && isDue(model, subscription, plan) && !isBilled(model, plan)),
  ],
  [
    Err.INSUFFICIENT_BALANCE,
    (model, dice) =>
      period(model, dice, payable(model, ({ payer }, plan) => balanceOf(model.state, plan.token, payer) < plan.amount)),
  ],
  [Err.TRANSFER_FAILED, moody],
  [Err.FORBIDDEN_TRANSFER, moody],
]);
