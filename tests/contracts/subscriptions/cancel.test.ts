import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import { MERCHANT, OTHER_PAYER, PAYER, U128_MAX, expectOk, mineTo, refund, send } from "../helpers.ts";
import { deployRelay } from "./contracts.ts";
import {
  SUBSCRIPTIONS, SubscriptionErr, SubscriptionStatus, cancel, expectRefused, getSubscription, givenSubscription,
} from "./helpers.ts";

describe("cancelling a subscription", () => {
  it.each([
    ["the subscriber", PAYER],
    ["the merchant", MERCHANT],
  ])("is for %s, and printed; what was paid stays refundable", (_, sender) => {
    const id = givenSubscription();
    const before = getSubscription(id);
    mineTo(70n);
    const outcome = cancel(id, sender);
    expect(outcome.result).toEqual({ ok: true });
    expect(outcome.events).toEqual([
      {
        contract: SUBSCRIPTIONS,
        print: {
          event: "subscription-cancelled",
          "burn-height": 70n,
          "subscription-id": id,
          ...before,
          merchant: MERCHANT,
          token: null,
          amount: 100n,
          interval: 1000n,
          "refund-window": 4320n,
          status: SubscriptionStatus.CANCELLED,
        },
      },
    ]);
    expect(getSubscription(id)).toEqual({ ...before, status: SubscriptionStatus.CANCELLED });
    expectOk(refund({ amount: 100n }));
  });

  it("is possible when it lapsed, and stays cancelled", () => {
    const id = givenSubscription({ interval: 10n });
    mineTo(100n);
    expectOk(cancel(id));
    expect(getSubscription(id)).toMatchObject({ status: SubscriptionStatus.CANCELLED });
    expectRefused(SubscriptionErr.CANCELLED, () => cancel(id));
  });

  it("rejects everybody else, and a relayed call", () => {
    const id = givenSubscription();
    const relay = deployRelay();
    expectRefused(SubscriptionErr.NOT_AUTHORISED, () => cancel(id, OTHER_PAYER));
    expectRefused(SubscriptionErr.NOT_AUTHORISED, () => send(relay, "cancel", [Cl.uint(id)], PAYER));
  });

  it("rejects an unknown subscription", () => {
    for (const id of [0n, 1n, U128_MAX]) expectRefused(SubscriptionErr.SUBSCRIPTION_NOT_FOUND, () => cancel(id));
  });
});
