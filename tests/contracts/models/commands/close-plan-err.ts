import { U128_MAX } from "../../helpers.ts";
import { SubscriptionErr } from "../../subscriptions/helpers.ts";
import { anybody, pickOf, routeOf, somebodyElse } from "./choose.ts";
import { closing } from "./close-plan.ts";
import { aims } from "./step.ts";

export const closePlanErrors = aims("close-plan", [
  [
    SubscriptionErr.PLAN_NOT_FOUND,
    (model, { who, other }) => ({
      name: "close-plan",
      sender: anybody(model, who),
      route: "direct",
      planId: pickOf([model.state.lastPlanId + 1n, 0n, U128_MAX], other),
    }),
  ],
  [
    SubscriptionErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = closing(model, dice, () => true);
      if (call === null) return null;
      const sender = dice.who % 2 === 0 ? call.sender : somebodyElse(model, dice.who, call.sender);
      return { ...call, sender, route: routeOf(model, sender, dice.who % 2 === 0 || dice.other % 2 === 0) };
    },
  ],
  [SubscriptionErr.PLAN_CLOSED, (model, dice) => closing(model, dice, ({ open }) => !open)],
]);
