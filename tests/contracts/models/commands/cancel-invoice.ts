import { Status } from "../../helpers.ts";
import { statusNow } from "../state.ts";
import { pickInvoice } from "./choose.ts";
import { aim } from "./step.ts";

export const cancelInvoice = aim("cancel-invoice", "ok", (model, dice) => {
  const found = pickInvoice(model, dice.what, (invoice) => statusNow(model.state, invoice) <= Status.PARTIALLY_PAID);
  return found ? { name: "cancel-invoice", sender: found[1].merchant, route: "direct", invoiceId: found[0] } : null;
});
