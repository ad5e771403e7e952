import { Err } from "../../helpers.ts";
import { RESERVE, ReserveErr } from "../../reserve/helpers.ts";
import { type Delegation, keyOf, put, reserveOf, type State } from "../state.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";
import { refund, refundable, type RefundDue, refundWire } from "./refund.ts";

/** A delegate's refund, out of the reserve of the invoice's merchant. */
export interface ReserveRefund extends Sent, RefundDue {
  name: "reserve-refund";
  token: string | null;
}

export function reserveRefund(state: State, call: ReserveRefund): Expected {
  const refusal = refusalOf(state, call);
  if (refusal !== null) return refused(refusal);
  const { sender: delegate, invoiceId, payer, amount, token } = call;
  const { merchant } = state.invoices.get(invoiceId)!;
  const key = keyOf(merchant, delegate, token);
  const current = atThisPeriod(state, state.delegates.get(key)!);
  const charged = { ...current, spent: current.spent + amount };
  const balance = reserveOf(state, merchant, token) - amount;
  const refunded = refund(state, { ...call, name: "refund", sender: RESERVE, route: "direct" });
  if ("err" in refunded) return refunded;
  const { state: after } = refunded;
  return {
    ok: refunded.ok,
    state: {
      ...after,
      reserves: put(after.reserves, keyOf(merchant, token), balance),
      delegates: put(after.delegates, key, charged),
    },
    events: [
      {
        by: RESERVE,
        print: {
          event: "reserve-refunded",
          "burn-height": state.now,
          "refund-id": after.lastRefundId,
          "invoice-id": invoiceId,
          merchant,
          delegate,
          token,
          payer,
          amount,
          balance,
          ...charged,
        },
      },
      ...refunded.events,
    ],
  };
}

function refusalOf(state: State, call: ReserveRefund): number | null {
  const { sender, payer, amount, token, reference } = call;
  const invoice = state.invoices.get(call.invoiceId);
  if (invoice === undefined) return Err.INVOICE_NOT_FOUND;
  const { merchant } = invoice;
  const delegation = state.delegates.get(keyOf(merchant, sender, invoice.token));
  if (delegation === undefined) return ReserveErr.NOT_DELEGATE;
  if (call.route !== "direct") return ReserveErr.NOT_AUTHORISED;
  if (reference === "") return Err.REFERENCE_EMPTY;
  if (reference !== null && state.refundReferences.has(keyOf(merchant, reference))) return Err.REFERENCE_USED;
  const left = refundable(state, call.invoiceId, payer);
  if ("err" in left) return left.err;
  if (token !== invoice.token) return ReserveErr.TOKEN_MISMATCH;
  if (payer === sender) return ReserveErr.DELEGATE_IS_PAYER;
  if (state.now >= delegation["expires-at"]) return ReserveErr.DELEGATION_EXPIRED;
  if (amount === 0n) return ReserveErr.INVALID_AMOUNT;
  if (amount > delegation["per-refund"]) return ReserveErr.ABOVE_LIMIT;
  if (amount > delegation["per-period"] - atThisPeriod(state, delegation).spent) return ReserveErr.BUDGET_SPENT;
  if (amount > reserveOf(state, merchant, token)) return ReserveErr.RESERVE_TOO_LOW;
  return null;
}

/** The delegation as it is now: nothing spent when its period is over. */
export const atThisPeriod = (state: State, delegation: Delegation): Delegation =>
  state.now < delegation["period-start"] + delegation.period ? delegation : { ...delegation, "period-start": state.now, spent: 0n };

export const reserveRefundWire = (call: ReserveRefund): Wire => {
  const { fn, args } = refundWire({ ...call, name: "refund", route: "direct" });
  return { contract: RESERVE, fn, proxy: `reserve-${fn}`, args };
};
