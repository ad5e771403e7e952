import { Err, U128_MAX } from "../../helpers.ts";
import { SubscriptionErr } from "../../subscriptions/helpers.ts";
import { isMoody } from "../operations/transfer.ts";
import { balanceOf } from "../state.ts";
import { otherToken, pick, pickOf, somebodyElse } from "./choose.ts";
import { isBilled, subscription } from "./subscribe.ts";
import { aims, type Dice, type Model } from "./step.ts";

/** In the token that can turn hostile; whether it did is up to the sequence. */
const moody = (model: Readonly<Model>, dice: Dice) =>
  subscription(model, dice, (plan) => plan.open && isBilled(model, plan) && plan.token !== null && isMoody(plan.token));

export const subscribeErrors = aims("subscribe", [
  [
    SubscriptionErr.PLAN_NOT_FOUND,
    (model, dice) => {
      const call = subscription(model, dice, () => true);
      return call && { ...call, planId: pickOf([model.state.lastPlanId + 1n, 0n, U128_MAX], dice.other) };
    },
  ],
  [SubscriptionErr.PLAN_CLOSED, (model, dice) => subscription(model, dice, ({ open }) => !open)],
  [
    SubscriptionErr.TERMS_DIFFER,
    (model, dice) => {
      const call = subscription(model, dice);
      if (call === null) return null;
      const wrong = [{ amount: call.amount - 1n }, { amount: U128_MAX }, { merchant: somebodyElse(model, dice.size, call.merchant) }];
      return { ...call, ...pick(wrong, dice.other) };
    },
  ],
  [
    SubscriptionErr.TOKEN_MISMATCH,
    (model, dice) => {
      const call = subscription(model, dice);
      return call && { ...call, token: otherToken(model, call.token, dice.other) };
    },
  ],
  [Err.NOT_AUTHORISED, (model, dice) => subscription(model, dice, (plan) => plan.open && !isBilled(model, plan))],
  [
    Err.PAYER_NOT_ALLOWED,
    (model, dice) => {
      const call = subscription(model, dice);
      return call && { ...call, sender: call.merchant, route: "direct" };
    },
  ],
  [
    Err.INSUFFICIENT_BALANCE,
    (model, dice) => {
      const call = subscription(model, dice);
      if (call === null) return null;
      const poor = model.cast.actors.filter((actor) => balanceOf(model.state, call.token, actor) < call.amount);
      return { ...call, sender: pick(poor, dice.who) ?? call.sender, route: "direct" };
    },
  ],
  [Err.TRANSFER_FAILED, moody],
  [Err.FORBIDDEN_TRANSFER, moody],
]);
