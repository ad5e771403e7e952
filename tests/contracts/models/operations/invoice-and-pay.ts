import { Cl } from "@stacks/transactions";
import { BILLING_OPERATOR, Err, optional } from "../../helpers.ts";
import { powersOf, type State } from "../state.ts";
import { openInvoice } from "./create-invoice.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";
import { pay } from "./pay.ts";

/** Route "relay": the payer calls the contract that bills it. Route "direct": an operator bills itself. */
export interface InvoiceAndPay extends Sent {
  name: "invoice-and-pay";
  merchant: string;
  amount: bigint;
  token: string | null;
  refundWindow: bigint | null;
  subscriptionId: bigint | null;
}

/** Whom recoup-core sees as its caller. */
export const billerOf = (call: InvoiceAndPay): string => (call.route === "relay" ? BILLING_OPERATOR : call.sender);

export const invoiceAndPay = (state: State, call: InvoiceAndPay): Expected => billPayer(state, billerOf(call), call);

/** What recoup-core does when `biller` calls invoice-and-pay. */
export function billPayer(state: State, biller: string, call: InvoiceAndPay): Expected {
  const { merchant, amount, token, sender } = call;
  if (!powersOf(state, merchant, biller)["may-invoice"]) return refused(Err.NOT_AUTHORISED);
  const terms = {
    amount,
    token,
    expiresIn: 1n,
    refundWindow: call.refundWindow,
    minPayment: null,
    onlyPayer: sender,
    reference: null,
    memo: null,
  };
  const opened = openInvoice(state, merchant, biller, terms, call.subscriptionId);
  if ("err" in opened) return opened;
  const invoiceId = opened.ok as bigint;
  const paid = pay(opened.state, { name: "pay", route: call.route, invoiceId, merchant, amount, token, sender });
  if ("err" in paid) return paid;
  return { ok: invoiceId, state: paid.state, events: [...opened.events, ...paid.events] };
}

export function invoiceAndPayWire(call: InvoiceAndPay): Wire {
  const asset = call.token === null ? "stx" : "ft";
  return {
    fn: call.route === "relay" ? `charge-${asset}` : `invoice-and-pay-${asset}`,
    relay: BILLING_OPERATOR,
    args: [
      Cl.principal(call.merchant),
      Cl.uint(call.amount),
      ...(call.token === null ? [] : [Cl.principal(call.token)]),
      optional(call.refundWindow, Cl.uint),
      optional(call.subscriptionId, Cl.uint),
    ],
  };
}
