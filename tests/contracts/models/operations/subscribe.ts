import { Cl } from "@stacks/transactions";
import { SubscriptionErr, SUBSCRIPTIONS, SubscriptionStatus } from "../../subscriptions/helpers.ts";
import { type Plan, put, type State, type Subscription } from "../state.ts";
import { billPayer } from "./invoice-and-pay.ts";
import { type Expected, type ModelEvent, refused, type Sent, type Wire } from "./operation.ts";

/** What a payer names of a plan when it subscribes, and when it pays a period. */
export interface NamedTerms extends Sent {
  merchant: string;
  amount: bigint;
  token: string | null;
}

export interface Subscribe extends NamedTerms {
  name: "subscribe";
  planId: bigint;
}

export function subscribe(state: State, call: Subscribe): Expected {
  const plan = state.plans.get(call.planId);
  if (plan === undefined) return refused(SubscriptionErr.PLAN_NOT_FOUND);
  if (!plan.open) return refused(SubscriptionErr.PLAN_CLOSED);
  const mismatch = mismatchOf(plan, call);
  if (mismatch !== null) return refused(mismatch);
  const id = state.lastSubscriptionId + 1n;
  const subscription: Subscription = {
    "plan-id": call.planId,
    payer: call.sender,
    "started-at": state.now,
    "next-due": state.now + plan.interval,
    payments: 1n,
    status: SubscriptionStatus.ACTIVE,
  };
  const paid = payPeriod(state, plan, id, call);
  if ("err" in paid) return paid;
  const { state: after, events } = paid;
  return {
    ok: id,
    state: { ...after, lastSubscriptionId: id, subscriptions: put(after.subscriptions, id, subscription) },
    events: [subscriptionEvent("subscription-started", state, id, subscription, plan, state.lastInvoiceId + 1n), ...events],
  };
}

/** Where what a payer names differs from the plan. */
export function mismatchOf(plan: Plan, { merchant, amount, token }: NamedTerms): number | null {
  if (merchant !== plan.merchant || amount !== plan.amount) return SubscriptionErr.TERMS_DIFFER;
  return token === plan.token ? null : SubscriptionErr.TOKEN_MISMATCH;
}

/** The invoice of a period, made and paid. */
export const payPeriod = (state: State, plan: Plan, subscriptionId: bigint, { sender }: NamedTerms): Expected =>
  billPayer(state, SUBSCRIPTIONS, {
    name: "invoice-and-pay",
    route: "direct",
    sender,
    merchant: plan.merchant,
    amount: plan.amount,
    token: plan.token,
    refundWindow: plan["refund-window"],
    subscriptionId,
  });

export function subscriptionEvent(
  event: string,
  state: State,
  id: bigint,
  subscription: Subscription,
  { merchant, token, amount, interval, "refund-window": window }: Plan,
  invoiceId?: bigint,
): ModelEvent {
  const facts = { merchant, token, amount, interval, "refund-window": window };
  const invoice = invoiceId === undefined ? {} : { "invoice-id": invoiceId };
  const print = { event, "burn-height": state.now, "subscription-id": id, ...subscription, ...facts, ...invoice };
  return { by: SUBSCRIPTIONS, print };
}

/** A call that names terms, by its function for STX or for tokens. */
export function namedTermsWire(fn: string, proxy: string, id: bigint, { merchant, amount, token }: NamedTerms): Wire {
  const args = [Cl.uint(id), Cl.principal(merchant), Cl.uint(amount)];
  const asset = token === null ? "stx" : "ft";
  return {
    contract: SUBSCRIPTIONS,
    fn: `${fn}-${asset}`,
    proxy: `${proxy}-${asset}`,
    args: token === null ? args : [...args, Cl.principal(token)],
  };
}

export const subscribeWire = (call: Subscribe): Wire => namedTermsWire("subscribe", "subscribe", call.planId, call);
