import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  Err, MERCHANT, OTHER_MERCHANT, OTHER_PAYER, type Outcome, PAYER, SBTC, STX, U128_MAX, balanceChanges, expectOk, getInvoice,
  hostileToken, mineTo, mint, read, send, setOperator,
} from "../helpers.ts";
import {
  SUBSCRIPTIONS, SubscriptionErr, SubscriptionStatus, cancel, closePlan, expectRefused, getSubscription, givenPlan,
  givenSubscription, paySubscription, subscribe,
} from "./helpers.ts";

const dueOf = (id: bigint) => getSubscription(id)!["next-due"] as bigint;

describe.each([STX, SBTC])("paying a subscription in $name", (asset) => {
  it("pays the next period by an invoice of its own, and prints it", () => {
    const id = givenSubscription({ asset });
    const due = dueOf(id);
    mineTo(due - 1n);
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = paySubscription({ id, asset });
    });
    expect(changes).toEqual({ [PAYER]: -100n, [MERCHANT]: 100n });
    expect(outcome?.result).toEqual({ ok: 2n });
    expect(outcome?.events[0]).toMatchObject({
      contract: SUBSCRIPTIONS,
      print: {
        event: "subscription-paid",
        "burn-height": due - 1n,
        "subscription-id": id,
        "invoice-id": 2n,
        merchant: MERCHANT,
        payer: PAYER,
        token: asset.token,
        amount: 100n,
        "next-due": due + 1000n,
        payments: 2n,
        status: SubscriptionStatus.ACTIVE,
      },
    });
    expect(outcome?.events).toHaveLength(4);
    expect(getSubscription(id)).toMatchObject({ "next-due": due + 1000n, payments: 2n });
    expect(getInvoice(2n)).toMatchObject({ amount: 100n, "amount-paid": 100n, "only-payer": PAYER });
    expect(read("get-note", Cl.uint(2))).toMatchObject({ "subscription-id": id });
  });

  it("takes one period ahead, and not two", () => {
    const id = givenSubscription({ asset });
    expectOk(paySubscription({ id, asset }));
    const due = dueOf(id);
    expectRefused(SubscriptionErr.TOO_EARLY, () => paySubscription({ id, asset }));
    mineTo(due - 1001n);
    expectRefused(SubscriptionErr.TOO_EARLY, () => paySubscription({ id, asset }));
    mineTo(due - 1000n);
    expectOk(paySubscription({ id, asset }));
    expect(dueOf(id)).toBe(due + 1000n);
  });

  it("resumes a lapsed subscription from now", () => {
    const id = givenSubscription({ asset });
    const due = dueOf(id);
    mineTo(due - 1n);
    expect(getSubscription(id)).toMatchObject({ status: SubscriptionStatus.ACTIVE });
    mineTo(due);
    expect(getSubscription(id)).toMatchObject({ status: SubscriptionStatus.LAPSED });
    mineTo(due + 5000n);
    expectOk(paySubscription({ id, asset }));
    expect(getSubscription(id)).toMatchObject({
      "next-due": due + 6000n,
      payments: 2n,
      status: SubscriptionStatus.ACTIVE,
    });
  });

  it("goes on when the plan is closed", () => {
    const id = givenSubscription({ asset });
    expectOk(closePlan(1n));
    expectOk(paySubscription({ id, asset }));
  });

  it("rejects everybody but the subscriber", () => {
    const id = givenSubscription({ asset });
    for (const sender of [OTHER_PAYER, MERCHANT]) {
      expectRefused(SubscriptionErr.NOT_AUTHORISED, () => paySubscription({ id, asset }, sender));
    }
  });

  it("rejects a merchant, an amount or a token that is not the plan's", () => {
    const id = givenSubscription({ asset });
    expectRefused(SubscriptionErr.TERMS_DIFFER, () => paySubscription({ id, asset, merchant: OTHER_MERCHANT }));
    expectRefused(SubscriptionErr.TERMS_DIFFER, () => paySubscription({ id, asset, amount: 101n }));
    expectRefused(SubscriptionErr.TOKEN_MISMATCH, () => paySubscription({ id, asset: asset === STX ? SBTC : STX }));
  });

  it("rejects an unknown subscription, and one that was cancelled", () => {
    const id = givenSubscription({ asset });
    for (const unknown of [0n, id + 1n, U128_MAX]) {
      expectRefused(SubscriptionErr.SUBSCRIPTION_NOT_FOUND, () => paySubscription({ id: unknown, asset }));
    }
    expectOk(cancel(id));
    expectRefused(SubscriptionErr.CANCELLED, () => paySubscription({ id, asset }));
  });

  it("rejects a payment once the merchant took the contract's power back", () => {
    const id = givenSubscription({ asset });
    expectOk(setOperator(SUBSCRIPTIONS, false, false));
    expectRefused(Err.NOT_AUTHORISED, () => paySubscription({ id, asset }));
  });
});

describe("paying a subscription", () => {
  it("leaves it as it was when the token turned hostile", () => {
    const asset = hostileToken("token-turns");
    mint(asset, PAYER, 1000n);
    const plan = givenPlan({ asset });
    const id = expectOk(subscribe({ id: plan, asset })) as bigint;
    send(asset.token!, "turn", [], PAYER);
    expectRefused(Err.FORBIDDEN_TRANSFER, () => paySubscription({ id, asset }));
  });
});
