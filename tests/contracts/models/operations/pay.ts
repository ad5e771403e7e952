import { Cl } from "@stacks/transactions";
import { Err, Status } from "../../helpers.ts";
import { deadlineOf, keyOf, ledgerOf, put, type State } from "../state.ts";
import { type Expected, invoiceFacts, refused, type Sent, type Wire } from "./operation.ts";
import { transfer } from "./transfer.ts";

export interface Pay extends Sent {
  name: "pay";
  invoiceId: bigint;
  merchant: string;
  amount: bigint;
  token: string | null;
}

export function pay(state: State, call: Pay): Expected {
  const refusal = refusalOf(state, call);
  if (refusal !== null) return refused(refusal);
  const { invoiceId, amount, token } = call;
  const payer = call.sender;
  const before = state.invoices.get(invoiceId)!;
  const entry = ledgerOf(state, invoiceId, payer);
  const amountPaid = before["amount-paid"] + amount;
  const invoice = {
    ...before,
    "amount-paid": amountPaid,
    status: amountPaid === before.amount ? Status.PAID : Status.PARTIALLY_PAID,
    "first-payment-at": before["first-payment-at"] ?? state.now,
    "payer-count": before["payer-count"] + (entry === undefined ? 1n : 0n),
  };
  const ledger = {
    paid: (entry?.paid ?? 0n) + amount,
    refunded: 0n,
    "first-paid-at": entry?.["first-paid-at"] ?? state.now,
  };
  const moved = transfer(state, token, amount, payer, invoice.merchant);
  if ("err" in moved) return moved;
  return {
    ok: true,
    state: {
      ...moved.state,
      invoices: put(state.invoices, invoiceId, invoice),
      ledger: put(state.ledger, keyOf(invoiceId, payer), ledger),
      payers: entry === undefined ? put(state.payers, keyOf(invoiceId, before["payer-count"]), payer) : state.payers,
    },
    events: [
      {
        print: {
          event: "payment-received",
          "burn-height": state.now,
          "invoice-id": invoiceId,
          payer,
          token,
          amount,
          "payer-paid": ledger.paid,
          "payer-refunded": 0n,
          deadline: deadlineOf(invoice, ledger),
          ...invoiceFacts(invoice),
        },
      },
      ...moved.events,
    ],
  };
}

function refusalOf(state: State, { invoiceId, merchant, amount, token, sender }: Pay): number | null {
  const invoice = state.invoices.get(invoiceId);
  if (invoice === undefined) return Err.INVOICE_NOT_FOUND;
  if (invoice.merchant !== merchant) return Err.MERCHANT_MISMATCH;
  if (invoice.token !== token) return Err.TOKEN_MISMATCH;
  if (sender === merchant) return Err.PAYER_NOT_ALLOWED;
  if (invoice["only-payer"] !== null && invoice["only-payer"] !== sender) return Err.PAYER_NOT_ALLOWED;
  if (invoice.status !== Status.OPEN && invoice.status !== Status.PARTIALLY_PAID) return Err.NOT_PAYABLE;
  if (invoice["amount-refunded"] > 0n) return Err.NOT_PAYABLE;
  if (state.now >= invoice["expires-at"]) return Err.INVOICE_EXPIRED;
  if (amount === 0n) return Err.INVALID_AMOUNT;
  const due = invoice.amount - invoice["amount-paid"];
  if (amount > due) return Err.MORE_THAN_DUE;
  if (amount < due && amount < (invoice["min-payment"] ?? due)) return Err.BELOW_MIN_PAYMENT;
  const entry = ledgerOf(state, invoiceId, sender);
  if (entry !== undefined && deadlineOf(invoice, entry) - state.now < 144n) return Err.INSTALMENT_TOO_LATE;
  return null;
}

export function payWire(call: Pay): Wire {
  const args = [Cl.uint(call.invoiceId), Cl.principal(call.merchant), Cl.uint(call.amount)];
  return call.token === null
    ? { fn: "pay-stx", args }
    : { fn: "pay-ft", args: [...args, Cl.principal(call.token)] };
}
