import { Cl } from "@stacks/transactions";
import { SubscriptionErr, SUBSCRIPTIONS } from "../../subscriptions/helpers.ts";
import { put, type State } from "../state.ts";
import { planEvent } from "./create-plan.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";

export interface ClosePlan extends Sent {
  name: "close-plan";
  planId: bigint;
}

export function closePlan(state: State, call: ClosePlan): Expected {
  const before = state.plans.get(call.planId);
  if (before === undefined) return refused(SubscriptionErr.PLAN_NOT_FOUND);
  if (call.route !== "direct" || call.sender !== before.merchant) return refused(SubscriptionErr.NOT_AUTHORISED);
  if (!before.open) return refused(SubscriptionErr.PLAN_CLOSED);
  const plan = { ...before, open: false };
  return {
    ok: true,
    state: { ...state, plans: put(state.plans, call.planId, plan) },
    events: [planEvent("plan-closed", state, call.planId, plan)],
  };
}

export const closePlanWire = (call: ClosePlan): Wire => ({
  contract: SUBSCRIPTIONS,
  fn: "close-plan",
  args: [Cl.uint(call.planId)],
});
