import { SubscriptionErr, SubscriptionStatus } from "../../subscriptions/helpers.ts";
import { put, type State } from "../state.ts";
import { type Expected, refused, type Wire } from "./operation.ts";
import { mismatchOf, type NamedTerms, namedTermsWire, payPeriod, subscriptionEvent } from "./subscribe.ts";

export interface PaySubscription extends NamedTerms {
  name: "pay-subscription";
  subscriptionId: bigint;
}

export function paySubscription(state: State, call: PaySubscription): Expected {
  const id = call.subscriptionId;
  const before = state.subscriptions.get(id);
  if (before === undefined) return refused(SubscriptionErr.SUBSCRIPTION_NOT_FOUND);
  const plan = state.plans.get(before["plan-id"])!;
  if (call.sender !== before.payer) return refused(SubscriptionErr.NOT_AUTHORISED);
  if (before.status === SubscriptionStatus.CANCELLED) return refused(SubscriptionErr.CANCELLED);
  const mismatch = mismatchOf(plan, call);
  if (mismatch !== null) return refused(mismatch);
  const due = before["next-due"];
  if (due > state.now + plan.interval) return refused(SubscriptionErr.TOO_EARLY);
  const subscription = {
    ...before,
    "next-due": (due > state.now ? due : state.now) + plan.interval,
    payments: before.payments + 1n,
  };
  const paid = payPeriod(state, plan, id, call);
  if ("err" in paid) return paid;
  const { state: after, events } = paid;
  return {
    ok: after.lastInvoiceId,
    state: { ...after, subscriptions: put(after.subscriptions, id, subscription) },
    events: [subscriptionEvent("subscription-paid", state, id, subscription, plan, after.lastInvoiceId), ...events],
  };
}

export const paySubscriptionWire = (call: PaySubscription): Wire =>
  namedTermsWire("pay", "pay-period", call.subscriptionId, call);
