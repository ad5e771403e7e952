import { U128_MAX } from "../../helpers.ts";
import { SubscriptionErr } from "../../subscriptions/helpers.ts";
import { isPerson, pick } from "./choose.ts";
import { validPlan } from "./create-plan.ts";
import { aims } from "./step.ts";

export const createPlanErrors = aims("create-plan", [
  [
    SubscriptionErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = validPlan(model, dice);
      return isPerson(model, call.sender) ? { ...call, route: "relay" } : null;
    },
  ],
  [
    SubscriptionErr.INVALID_PLAN,
    (model, dice) => {
      const wrong = [
        { amount: 0n }, { interval: 0n }, { interval: 52561n }, { interval: U128_MAX },
        { refundWindow: 143n }, { refundWindow: 52561n }, { refundWindow: U128_MAX },
      ];
      return { ...validPlan(model, dice), ...pick(wrong, dice.other) };
    },
  ],
]);
