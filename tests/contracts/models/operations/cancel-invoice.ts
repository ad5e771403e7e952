import { Cl } from "@stacks/transactions";
import { Err, Status } from "../../helpers.ts";
import { put, type State, statusNow } from "../state.ts";
import { type Expected, invoiceFacts, refused, type Sent, type Wire } from "./operation.ts";

export interface CancelInvoice extends Sent {
  name: "cancel-invoice";
  invoiceId: bigint;
}

export function cancelInvoice(state: State, call: CancelInvoice): Expected {
  const before = state.invoices.get(call.invoiceId);
  if (before === undefined) return refused(Err.INVOICE_NOT_FOUND);
  if (call.route !== "direct" || call.sender !== before.merchant) return refused(Err.NOT_AUTHORISED);
  const status = statusNow(state, before);
  if (status !== Status.OPEN && status !== Status.PARTIALLY_PAID) return refused(Err.NOT_CANCELLABLE);
  const invoice = { ...before, status: Status.CANCELLED };
  return {
    ok: true,
    state: { ...state, invoices: put(state.invoices, call.invoiceId, invoice) },
    events: [
      {
        print: {
          event: "invoice-cancelled",
          "burn-height": state.now,
          "invoice-id": call.invoiceId,
          ...invoiceFacts(invoice),
        },
      },
    ],
  };
}

export const cancelInvoiceWire = (call: CancelInvoice): Wire => ({
  fn: "cancel-invoice",
  args: [Cl.uint(call.invoiceId)],
});
