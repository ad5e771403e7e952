import { Cl } from "@stacks/transactions";
import { DEFAULT_WINDOW, optional } from "../../helpers.ts";
import { SubscriptionErr, SUBSCRIPTIONS } from "../../subscriptions/helpers.ts";
import { type Plan, put, type State } from "../state.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";

export interface CreatePlan extends Sent {
  name: "create-plan";
  token: string | null;
  amount: bigint;
  interval: bigint;
  refundWindow: bigint | null;
}

export function createPlan(state: State, call: CreatePlan): Expected {
  const window = call.refundWindow ?? DEFAULT_WINDOW;
  if (call.route !== "direct") return refused(SubscriptionErr.NOT_AUTHORISED);
  if (call.amount === 0n) return refused(SubscriptionErr.INVALID_PLAN);
  if (call.interval < 1n || call.interval > 52560n) return refused(SubscriptionErr.INVALID_PLAN);
  if (window < 144n || window > 52560n) return refused(SubscriptionErr.INVALID_PLAN);
  const id = state.lastPlanId + 1n;
  const plan: Plan = {
    merchant: call.sender,
    token: call.token,
    amount: call.amount,
    interval: call.interval,
    "refund-window": window,
    open: true,
  };
  return {
    ok: id,
    state: { ...state, lastPlanId: id, plans: put(state.plans, id, plan) },
    events: [planEvent("plan-created", state, id, plan)],
  };
}

export const planEvent = (event: string, state: State, id: bigint, plan: Plan) => ({
  by: SUBSCRIPTIONS,
  print: { event, "burn-height": state.now, "plan-id": id, ...plan },
});

export const createPlanWire = (call: CreatePlan): Wire => ({
  contract: SUBSCRIPTIONS,
  fn: "create-plan",
  args: [
    optional(call.token, Cl.principal),
    Cl.uint(call.amount),
    Cl.uint(call.interval),
    optional(call.refundWindow, Cl.uint),
  ],
});
