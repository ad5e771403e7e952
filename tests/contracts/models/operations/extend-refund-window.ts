import { Cl } from "@stacks/transactions";
import { Err } from "../../helpers.ts";
import { put, type State } from "../state.ts";
import { type Expected, invoiceFacts, refused, type Sent, type Wire } from "./operation.ts";

export interface ExtendRefundWindow extends Sent {
  name: "extend-refund-window";
  invoiceId: bigint;
  newWindow: bigint;
}

export function extendRefundWindow(state: State, call: ExtendRefundWindow): Expected {
  const before = state.invoices.get(call.invoiceId);
  if (before === undefined) return refused(Err.INVOICE_NOT_FOUND);
  if (call.route !== "direct" || call.sender !== before.merchant) return refused(Err.NOT_AUTHORISED);
  const oldWindow = before["refund-window"];
  if (call.newWindow <= oldWindow || call.newWindow > 52560n) return refused(Err.INVALID_WINDOW);
  const firstPaymentAt = before["first-payment-at"];
  if (firstPaymentAt !== null && state.now >= firstPaymentAt + oldWindow) return refused(Err.WINDOW_EXPIRED);
  const invoice = { ...before, "refund-window": call.newWindow };
  return {
    ok: true,
    state: { ...state, invoices: put(state.invoices, call.invoiceId, invoice) },
    events: [
      {
        print: {
          event: "refund-window-extended",
          "burn-height": state.now,
          "invoice-id": call.invoiceId,
          "old-window": oldWindow,
          ...invoiceFacts(invoice),
        },
      },
    ],
  };
}

export const extendRefundWindowWire = (call: ExtendRefundWindow): Wire => ({
  fn: "extend-refund-window",
  args: [Cl.uint(call.invoiceId), Cl.uint(call.newWindow)],
});
