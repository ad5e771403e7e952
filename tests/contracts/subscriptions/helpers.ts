/** recoup-subscriptions' calls as typed functions, and its whole state. */
import { Cl, type ClarityValue } from "@stacks/transactions";
import { expect } from "vitest";
import {
  type Asset, MERCHANT, type Outcome, PAYER, type Plain, type PlainTuple, STRANGER, STX, contract, expectOk,
  expectRefused as expectCoreUnchanged, optional, plain, send, setOperator, simnet,
} from "../helpers.ts";

export const SUBSCRIPTIONS = contract("recoup-subscriptions");

export const SubscriptionErr = {
  NOT_AUTHORISED: 1100,
  PLAN_NOT_FOUND: 1101,
  TERMS_DIFFER: 1102,
  PLAN_CLOSED: 1103,
  SUBSCRIPTION_NOT_FOUND: 1104,
  CANCELLED: 1105,
  TOO_EARLY: 1106,
  INVALID_PLAN: 1107,
  TOKEN_MISMATCH: 1108,
} as const;

export const SubscriptionStatus = { ACTIVE: 0n, LAPSED: 1n, CANCELLED: 2n } as const;

export interface PlanTerms {
  asset?: Asset;
  amount?: bigint;
  interval?: bigint;
  refundWindow?: bigint;
}

export function createPlan(terms: PlanTerms = {}, sender = MERCHANT): Outcome {
  const { asset = STX, amount = 100n, interval = 1000n } = terms;
  return send(
    SUBSCRIPTIONS,
    "create-plan",
    [optional(asset.token, Cl.principal), Cl.uint(amount), Cl.uint(interval), optional(terms.refundWindow, Cl.uint)],
    sender,
  );
}

export const closePlan = (planId: bigint, sender = MERCHANT): Outcome =>
  send(SUBSCRIPTIONS, "close-plan", [Cl.uint(planId)], sender);

export interface Named {
  id?: bigint;
  merchant?: string;
  amount?: bigint;
  asset?: Asset;
}

const byAsset = (operation: string, { id = 1n, merchant = MERCHANT, amount = 100n, asset = STX }: Named) => {
  const args: ClarityValue[] = [Cl.uint(id), Cl.principal(merchant), Cl.uint(amount)];
  return asset.token === null
    ? { fn: `${operation}-stx`, args }
    : { fn: `${operation}-ft`, args: [...args, Cl.principal(asset.token)] };
};

/** subscribe-stx or subscribe-ft, by the asset; id is the plan's. */
export function subscribe(named: Named = {}, sender = PAYER): Outcome {
  const { fn, args } = byAsset("subscribe", named);
  return send(SUBSCRIPTIONS, fn, args, sender);
}

/** pay-stx or pay-ft, by the asset; id is the subscription's. */
export function paySubscription(named: Named = {}, sender = PAYER): Outcome {
  const { fn, args } = byAsset("pay", named);
  return send(SUBSCRIPTIONS, fn, args, sender);
}

export const cancel = (subscriptionId: bigint, sender = PAYER): Outcome =>
  send(SUBSCRIPTIONS, "cancel", [Cl.uint(subscriptionId)], sender);

const read = (fn: string, ...args: ClarityValue[]): Plain =>
  plain(simnet.callReadOnlyFn(SUBSCRIPTIONS, fn, args, STRANGER).result);

export const getPlan = (id: bigint) => read("get-plan", Cl.uint(id)) as PlainTuple | null;
export const getSubscription = (id: bigint) => read("get-subscription", Cl.uint(id)) as PlainTuple | null;
export const getLastIds = () => read("get-last-ids") as { "plan-id": bigint; "subscription-id": bigint };

/** Everything that the contract stores. */
function subscriptionsState(): Plain {
  const ids = getLastIds();
  const upTo = (last: bigint) => Array.from({ length: Number(last) + 1 }, (_, index) => BigInt(index + 1));
  return {
    ids,
    plans: upTo(ids["plan-id"]).map(getPlan),
    subscriptions: upTo(ids["subscription-id"]).map(getSubscription),
  };
}

/** The call is refused with this code, and neither contract, nor any balance, changed. */
export function expectRefused(code: number, call: () => Outcome): void {
  const before = subscriptionsState();
  expectCoreUnchanged(code, call);
  expect(subscriptionsState()).toEqual(before);
}

/** MERCHANT lets the contract invoice, and has plan 1. */
export function givenPlan(terms: PlanTerms = {}): bigint {
  expectOk(setOperator(SUBSCRIPTIONS, false, true));
  return expectOk(createPlan(terms)) as bigint;
}

/** PAYER subscribed to a new plan, and paid the first period; answers the subscription's id. */
export function givenSubscription(terms: PlanTerms = {}): bigint {
  const { asset = STX, amount = 100n } = terms;
  const id = givenPlan(terms);
  return expectOk(subscribe({ id, asset, amount })) as bigint;
}
