import { Cl } from "@stacks/transactions";
import { Err, optional, Status } from "../../helpers.ts";
import { deadlineOf, keyOf, ledgerOf, powersOf, put, type RefundEntry, type State } from "../state.ts";
import { type Expected, invoiceFacts, refused, type Sent, type Wire } from "./operation.ts";
import { transfer } from "./transfer.ts";

/** A refund without who sends it and in what; also one item of a batch. */
export interface RefundDue {
  invoiceId: bigint;
  payer: string;
  amount: bigint;
  expectedRefunded: bigint;
  reference: string | null;
  reason: string | null;
}

export interface Refund extends Sent, RefundDue {
  name: "refund";
  token: string | null;
}

export function refund(state: State, call: Refund): Expected {
  const refusal = refusalOf(state, call);
  if (refusal !== null) return refused(refusal);
  const { invoiceId, payer, amount, token, reference, reason } = call;
  const issuer = call.sender;
  const before = state.invoices.get(invoiceId)!;
  const entry = ledgerOf(state, invoiceId, payer)!;
  const id = state.lastRefundId + 1n;
  const ledger = { ...entry, refunded: entry.refunded + amount };
  const amountRefunded = before["amount-refunded"] + amount;
  const invoice = {
    ...before,
    "amount-refunded": amountRefunded,
    status: amountRefunded === before["amount-paid"] ? Status.REFUNDED : before.status,
    "last-refund-id": id,
  };
  const refundEntry: RefundEntry = {
    "invoice-id": invoiceId,
    payer,
    amount,
    issuer,
    reason,
    reference,
    "burn-height": state.now,
    previous: before["last-refund-id"],
  };
  const moved = transfer(state, token, amount, issuer, payer);
  if ("err" in moved) return moved;
  const { merchant } = before;
  return {
    ok: id,
    state: {
      ...moved.state,
      lastRefundId: id,
      invoices: put(state.invoices, invoiceId, invoice),
      ledger: put(state.ledger, keyOf(invoiceId, payer), ledger),
      refunds: put(state.refunds, id, refundEntry),
      refundReferences:
        reference === null ? state.refundReferences : put(state.refundReferences, keyOf(merchant, reference), id),
    },
    events: [
      {
        print: {
          event: "refund-processed",
          "burn-height": state.now,
          "refund-id": id,
          "invoice-id": invoiceId,
          issuer,
          payer,
          token,
          amount,
          reason,
          reference,
          "payer-paid": ledger.paid,
          "payer-refunded": ledger.refunded,
          deadline: deadlineOf(invoice, ledger),
          ...invoiceFacts(invoice),
        },
      },
      ...moved.events,
    ],
  };
}

function refusalOf(state: State, call: Refund): number | null {
  const { sender, payer, amount, reference } = call;
  const invoice = state.invoices.get(call.invoiceId);
  if (invoice === undefined) return Err.INVOICE_NOT_FOUND;
  const { merchant } = invoice;
  if (call.route !== "direct") return Err.NOT_AUTHORISED;
  if (sender !== merchant && !powersOf(state, merchant, sender)["may-refund"]) return Err.NOT_AUTHORISED;
  if (reference === "") return Err.REFERENCE_EMPTY;
  if (reference !== null && state.refundReferences.has(keyOf(merchant, reference))) return Err.REFERENCE_USED;
  if (call.token !== invoice.token) return Err.TOKEN_MISMATCH;
  const left = refundable(state, call.invoiceId, payer);
  if ("err" in left) return left.err;
  if (amount === 0n) return Err.INVALID_AMOUNT;
  if (call.expectedRefunded !== ledgerOf(state, call.invoiceId, payer)?.refunded) return Err.LEDGER_CHANGED;
  if (amount > left.amount) return Err.MORE_THAN_REFUNDABLE;
  if (payer === sender) return Err.PAYER_NOT_ALLOWED;
  return null;
}

/** What this payer can be refunded now, or why nothing. */
export function refundable(state: State, invoiceId: bigint, payer: string): { amount: bigint } | { err: number } {
  const invoice = state.invoices.get(invoiceId);
  if (invoice === undefined) return { err: Err.INVOICE_NOT_FOUND };
  const entry = ledgerOf(state, invoiceId, payer);
  if (entry === undefined) return { err: Err.NOTHING_PAID };
  if (state.now >= deadlineOf(invoice, entry)) return { err: Err.WINDOW_EXPIRED };
  if (entry.refunded === entry.paid) return { err: Err.FULLY_REFUNDED };
  return { amount: entry.paid - entry.refunded };
}

export function refundWire(call: Refund): Wire {
  const fn = call.token === null ? "refund-stx" : "refund-ft";
  const args = [
    Cl.uint(call.invoiceId),
    Cl.principal(call.payer),
    Cl.uint(call.amount),
    ...(call.token === null ? [] : [Cl.principal(call.token)]),
  ];
  if (call.route === "relay") return { fn, args };
  return {
    fn,
    args: [
      ...args,
      Cl.uint(call.expectedRefunded),
      optional(call.reference, Cl.stringAscii),
      optional(call.reason, Cl.stringUtf8),
    ],
  };
}
