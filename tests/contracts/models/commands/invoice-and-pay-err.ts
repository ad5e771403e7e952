import { Err, U128_MAX } from "../../helpers.ts";
import { balanceOf, powersOf } from "../state.ts";
import { billerOf } from "../operations/invoice-and-pay.ts";
import { isPerson, pick, pickOf } from "./choose.ts";
import { billing } from "./invoice-and-pay.ts";
import { aims, type Dice, type Model } from "./step.ts";

const moodyBilling = (model: Readonly<Model>, dice: Dice) => {
  const call = billing(model, dice);
  return call && { ...call, token: model.cast.tokens[2] };
};

export const invoiceAndPayErrors = aims("invoice-and-pay", [
  [
    Err.NOT_AUTHORISED,
    (model, dice) => {
      const call = billing(model, dice);
      if (call === null) return null;
      const byMerchant = { ...call, sender: call.merchant, route: "direct" as const };
      if (dice.other % 3 === 0 && isPerson(model, call.merchant)) return byMerchant;
      const strangers = model.cast.actors.filter((actor) => !powersOf(model.state, actor, billerOf(call))["may-invoice"]);
      return { ...call, merchant: pick(strangers, dice.what) ?? call.merchant };
    },
  ],
  [
    Err.INVALID_AMOUNT,
    (model, dice) => {
      const call = billing(model, dice);
      return call && { ...call, amount: 0n };
    },
  ],
  [
    Err.INVALID_WINDOW,
    (model, dice) => {
      const call = billing(model, dice);
      return call && { ...call, refundWindow: pickOf([143n, 0n, 52561n, U128_MAX], dice.other) };
    },
  ],
  [
    Err.PAYER_NOT_ALLOWED,
    (model, dice) => {
      const call = billing(model, dice);
      return call?.route === "relay" ? { ...call, sender: call.merchant } : null;
    },
  ],
  [
    Err.INSUFFICIENT_BALANCE,
    (model, dice) => {
      const call = billing(model, dice);
      return call && { ...call, amount: pickOf([balanceOf(model.state, call.token, call.sender) + 1n, U128_MAX], dice.other) };
    },
  ],
  [Err.TRANSFER_FAILED, moodyBilling],
  [Err.FORBIDDEN_TRANSFER, moodyBilling],
]);
