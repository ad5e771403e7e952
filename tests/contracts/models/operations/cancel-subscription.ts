import { Cl } from "@stacks/transactions";
import { SubscriptionErr, SUBSCRIPTIONS, SubscriptionStatus } from "../../subscriptions/helpers.ts";
import { put, type State } from "../state.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";
import { subscriptionEvent } from "./subscribe.ts";

export interface CancelSubscription extends Sent {
  name: "cancel-subscription";
  subscriptionId: bigint;
}

export function cancelSubscription(state: State, call: CancelSubscription): Expected {
  const id = call.subscriptionId;
  const before = state.subscriptions.get(id);
  if (before === undefined) return refused(SubscriptionErr.SUBSCRIPTION_NOT_FOUND);
  const plan = state.plans.get(before["plan-id"])!;
  if (call.route !== "direct") return refused(SubscriptionErr.NOT_AUTHORISED);
  if (call.sender !== before.payer && call.sender !== plan.merchant) return refused(SubscriptionErr.NOT_AUTHORISED);
  if (before.status === SubscriptionStatus.CANCELLED) return refused(SubscriptionErr.CANCELLED);
  const subscription = { ...before, status: SubscriptionStatus.CANCELLED };
  return {
    ok: true,
    state: { ...state, subscriptions: put(state.subscriptions, id, subscription) },
    events: [subscriptionEvent("subscription-cancelled", state, id, subscription, plan)],
  };
}

export const cancelSubscriptionWire = (call: CancelSubscription): Wire => ({
  contract: SUBSCRIPTIONS,
  fn: "cancel",
  proxy: "cancel-subscription",
  args: [Cl.uint(call.subscriptionId)],
});
