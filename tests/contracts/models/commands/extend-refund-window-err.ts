import { Err, U128_MAX } from "../../helpers.ts";
import { pickOf, routeOf, somebodyElse, unknownInvoice } from "./choose.ts";
import { extension } from "./extend-refund-window.ts";
import { aims } from "./step.ts";

export const extendRefundWindowErrors = aims("extend-refund-window", [
  [
    Err.NOT_AUTHORISED,
    (model, dice) => {
      const call = extension(model, dice);
      if (call === null) return null;
      const sender = dice.who % 2 === 0 ? call.sender : somebodyElse(model, dice.who, call.sender);
      return { ...call, sender, route: routeOf(model, sender, dice.who % 2 === 0 || dice.other % 2 === 0) };
    },
  ],
  [
    Err.INVOICE_NOT_FOUND,
    (model, dice) => {
      const call = extension(model, dice);
      return call && { ...call, invoiceId: unknownInvoice(model, dice.other) };
    },
  ],
  [
    Err.INVALID_WINDOW,
    (model, dice) => {
      const call = extension(model, dice);
      if (call === null) return null;
      const window = model.state.invoices.get(call.invoiceId)!["refund-window"];
      return { ...call, newWindow: pickOf([window, window - 1n, 0n, 52561n, U128_MAX], dice.other) };
    },
  ],
  [
    Err.WINDOW_EXPIRED,
    (model, dice) =>
      extension(model, dice, (invoice) => {
        const first = invoice["first-payment-at"];
        return first !== null && model.state.now >= first + invoice["refund-window"];
      }),
  ],
]);
