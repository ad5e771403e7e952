import { Cl } from "@stacks/transactions";
import { DEFAULT_WINDOW, Err, optional, Status } from "../../helpers.ts";
import { type Invoice, keyOf, put, type State } from "../state.ts";
import { type Expected, invoiceFacts, refused, type Sent, type Wire } from "./operation.ts";

export interface Terms {
  amount: bigint;
  token: string | null;
  expiresIn: bigint;
  refundWindow: bigint | null;
  minPayment: bigint | null;
  onlyPayer: string | null;
  reference: string | null;
  memo: string | null;
}

export interface CreateInvoice extends Sent, Terms {
  name: "create-invoice";
}

export function createInvoice(state: State, call: CreateInvoice): Expected {
  if (call.route !== "direct") return refused(Err.NOT_AUTHORISED);
  return openInvoice(state, call.sender, call.sender, call, null);
}

/** What create-invoice and invoice-and-pay have in common. */
export function openInvoice(
  state: State,
  merchant: string,
  issuer: string,
  terms: Terms,
  subscriptionId: bigint | null,
): Expected {
  const { amount, minPayment, reference, memo } = terms;
  const window = terms.refundWindow ?? DEFAULT_WINDOW;
  if (amount === 0n) return refused(Err.INVALID_AMOUNT);
  if (minPayment !== null && (minPayment === 0n || minPayment > amount)) return refused(Err.INVALID_AMOUNT);
  if (window < (minPayment === null ? 144n : 1008n) || window > 52560n) return refused(Err.INVALID_WINDOW);
  if (terms.expiresIn < 1n || terms.expiresIn > 52560n) return refused(Err.INVALID_EXPIRY);
  if (terms.onlyPayer === merchant) return refused(Err.PAYER_NOT_ALLOWED);
  if (reference === "") return refused(Err.REFERENCE_EMPTY);
  if (reference !== null && state.invoiceReferences.has(keyOf(merchant, reference))) return refused(Err.REFERENCE_USED);

  const id = state.lastInvoiceId + 1n;
  const invoice: Invoice = {
    merchant,
    token: terms.token,
    amount,
    "amount-paid": 0n,
    "amount-refunded": 0n,
    status: Status.OPEN,
    "min-payment": minPayment,
    "only-payer": terms.onlyPayer,
    "refund-window": window,
    "created-at": state.now,
    "expires-at": state.now + terms.expiresIn,
    "first-payment-at": null,
    "payer-count": 0n,
    "last-refund-id": null,
  };
  const note = { reference, memo, "subscription-id": subscriptionId };
  const hasNote = reference !== null || memo !== null || subscriptionId !== null;
  return {
    ok: id,
    state: {
      ...state,
      lastInvoiceId: id,
      invoices: put(state.invoices, id, invoice),
      notes: hasNote ? put(state.notes, id, note) : state.notes,
      invoiceReferences:
        reference === null ? state.invoiceReferences : put(state.invoiceReferences, keyOf(merchant, reference), id),
    },
    events: [
      {
        print: {
          event: "invoice-created",
          "burn-height": state.now,
          "invoice-id": id,
          issuer,
          token: terms.token,
          amount,
          "min-payment": minPayment,
          "only-payer": terms.onlyPayer,
          ...note,
          ...invoiceFacts(invoice),
        },
      },
    ],
  };
}

export const createInvoiceWire = (call: CreateInvoice): Wire => ({
  fn: "create-invoice",
  args:
    call.route === "relay"
      ? [Cl.uint(call.amount)]
      : [
          Cl.uint(call.amount),
          optional(call.token, Cl.principal),
          Cl.uint(call.expiresIn),
          optional(call.refundWindow, Cl.uint),
          optional(call.minPayment, Cl.uint),
          optional(call.onlyPayer, Cl.principal),
          optional(call.reference, Cl.stringAscii),
          optional(call.memo, Cl.stringUtf8),
        ],
});
