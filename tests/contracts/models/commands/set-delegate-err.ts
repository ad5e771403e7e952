import { U128_MAX } from "../../helpers.ts";
import { ReserveErr } from "../../reserve/helpers.ts";
import { isPerson, pick } from "./choose.ts";
import { delegation } from "./set-delegate.ts";
import { aims } from "./step.ts";

export const setDelegateErrors = aims("set-delegate", [
  [
    ReserveErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = delegation(model, dice);
      return isPerson(model, call.sender) ? { ...call, route: "relay" } : null;
    },
  ],
  [
    ReserveErr.INVALID_AMOUNT,
    (model, dice) => {
      const call = delegation(model, dice);
      const wrong = [
        { perRefund: 0n }, { perRefund: call.perPeriod + 1n }, { perRefund: U128_MAX }, { period: 0n }, { period: 52561n },
        { expiresIn: 0n }, { expiresIn: 52561n }, { expiresIn: U128_MAX },
      ];
      return { ...call, ...pick(wrong, dice.other) };
    },
  ],
]);
