import { Err, Status } from "../../helpers.ts";
import { statusNow } from "../state.ts";
import { anybody, pickInvoice, routeOf, somebodyElse, unknownInvoice } from "./choose.ts";
import { aims } from "./step.ts";

export const cancelInvoiceErrors = aims("cancel-invoice", [
  [
    Err.NOT_AUTHORISED,
    (model, { who, what, other }) => {
      const [invoiceId, invoice] = pickInvoice(model, what, () => true) ?? [];
      if (invoiceId === undefined || invoice === undefined) return null;
      const sender = who % 2 === 0 ? invoice.merchant : somebodyElse(model, who, invoice.merchant);
      return { name: "cancel-invoice", sender, route: routeOf(model, sender, who % 2 === 0 || other % 2 === 0), invoiceId };
    },
  ],
  [
    Err.INVOICE_NOT_FOUND,
    (model, { who, what }) => ({
      name: "cancel-invoice",
      sender: anybody(model, who),
      route: "direct",
      invoiceId: unknownInvoice(model, what),
    }),
  ],
  [
    Err.NOT_CANCELLABLE,
    (model, { what }) => {
      const found = pickInvoice(model, what, (invoice) => statusNow(model.state, invoice) > Status.PARTIALLY_PAID);
      return found ? { name: "cancel-invoice", sender: found[1].merchant, route: "direct", invoiceId: found[0] } : null;
    },
  ],
]);
