import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import { MERCHANT, OTHER_MERCHANT, SBTC, STX, U128_MAX, expectOk, mineTo, send } from "../helpers.ts";
import { deployRelay } from "./contracts.ts";
import {
  SUBSCRIPTIONS, SubscriptionErr, closePlan, createPlan, expectRefused, getLastIds, getPlan, givenPlan, subscribe,
} from "./helpers.ts";

describe.each([STX, SBTC])("a plan in $name", (asset) => {
  const plan = { merchant: MERCHANT, token: asset.token, amount: 100n, interval: 1000n, "refund-window": 4320n, open: true };

  it("is created by its merchant, with recoup-core's default window, and printed", () => {
    mineTo(20n);
    const outcome = createPlan({ asset });
    expect(outcome.result).toEqual({ ok: 1n });
    expect(outcome.events).toEqual([
      { contract: SUBSCRIPTIONS, print: { event: "plan-created", "burn-height": 20n, "plan-id": 1n, ...plan } },
    ]);
    expect(getPlan(1n)).toEqual(plan);
    expect(getLastIds()).toEqual({ "plan-id": 1n, "subscription-id": 0n });
  });

  it("is closed by its merchant, and printed", () => {
    const id = givenPlan({ asset });
    mineTo(20n);
    const outcome = closePlan(id);
    expect(outcome.result).toEqual({ ok: true });
    expect(outcome.events).toEqual([
      { contract: SUBSCRIPTIONS, print: { event: "plan-closed", "burn-height": 20n, "plan-id": id, ...plan, open: false } },
    ]);
    expect(getPlan(id)).toEqual({ ...plan, open: false });
  });
});

describe("creating a plan", () => {
  it("counts densely, whoever creates", () => {
    expect(expectOk(createPlan())).toBe(1n);
    expect(expectOk(createPlan({}, OTHER_MERCHANT))).toBe(2n);
    expect(getPlan(2n)).toMatchObject({ merchant: OTHER_MERCHANT });
  });

  it.each([
    { amount: 1n },
    { amount: U128_MAX },
    { interval: 1n },
    { interval: 52560n },
    { refundWindow: 144n },
    { refundWindow: 52560n },
  ])("takes the ends of what is allowed: %o", (terms) => {
    expectOk(createPlan(terms));
  });

  it.each([
    { amount: 0n },
    { interval: 0n },
    { interval: 52561n },
    { interval: U128_MAX },
    { refundWindow: 143n },
    { refundWindow: 0n },
    { refundWindow: 52561n },
    { refundWindow: U128_MAX },
  ])("rejects what is beyond them: %o", (terms) => {
    expectRefused(SubscriptionErr.INVALID_PLAN, () => createPlan(terms));
  });

  it("rejects a relayed call", () => {
    const relay = deployRelay();
    expectRefused(SubscriptionErr.NOT_AUTHORISED, () => send(relay, "create-plan", [], MERCHANT));
  });
});

describe("closing a plan", () => {
  it("rejects an unknown plan", () => {
    expectRefused(SubscriptionErr.PLAN_NOT_FOUND, () => closePlan(1n));
    expectRefused(SubscriptionErr.PLAN_NOT_FOUND, () => closePlan(U128_MAX));
  });

  it("rejects everybody but its merchant, and a relayed call", () => {
    const id = givenPlan();
    const relay = deployRelay();
    expectRefused(SubscriptionErr.NOT_AUTHORISED, () => closePlan(id, OTHER_MERCHANT));
    expectRefused(SubscriptionErr.NOT_AUTHORISED, () => send(relay, "close-plan", [Cl.uint(id)], MERCHANT));
  });

  it("rejects a plan that is closed, which takes no subscription", () => {
    const id = givenPlan();
    expectOk(closePlan(id));
    expectRefused(SubscriptionErr.PLAN_CLOSED, () => closePlan(id));
    expectRefused(SubscriptionErr.PLAN_CLOSED, () => subscribe({ id }));
  });
});
