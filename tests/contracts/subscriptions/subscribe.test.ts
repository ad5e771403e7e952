import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  Err, MERCHANT, OTHER_MERCHANT, type Outcome, PAYER, SBTC, STX, STRANGER, U128_MAX, balanceChanges, burnHeight, coreEvent,
  expectOk, getInvoice, getLedger, hostileToken, mineTo, mint, read, refund, send, setOperator, transferOf,
} from "../helpers.ts";
import { deployRelay, deployTokenThatSubscribes } from "./contracts.ts";
import {
  SUBSCRIPTIONS, SubscriptionErr, SubscriptionStatus, createPlan, expectRefused, getSubscription, givenPlan, subscribe,
} from "./helpers.ts";

describe.each([STX, SBTC])("subscribing in $name", (asset) => {
  it("pays the first period to the merchant, by an invoice of recoup-core for the payer alone", () => {
    const id = givenPlan({ asset, refundWindow: 300n });
    mineTo(50n);
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = subscribe({ id, asset });
    });
    expect(changes).toEqual({ [PAYER]: -100n, [MERCHANT]: 100n });
    expect(outcome?.result).toEqual({ ok: 1n });
    const [started, created, paid, moved] = outcome?.events ?? [];
    expect(started).toEqual({
      contract: SUBSCRIPTIONS,
      print: {
        event: "subscription-started",
        "burn-height": 50n,
        "subscription-id": 1n,
        "plan-id": id,
        "invoice-id": 1n,
        merchant: MERCHANT,
        payer: PAYER,
        token: asset.token,
        amount: 100n,
        interval: 1000n,
        "refund-window": 300n,
        "started-at": 50n,
        "next-due": 1050n,
        payments: 1n,
        status: SubscriptionStatus.ACTIVE,
      },
    });
    expect(created).toMatchObject({ print: { event: "invoice-created", "invoice-id": 1n, issuer: SUBSCRIPTIONS } });
    expect(paid).toMatchObject({ print: { event: "payment-received", "invoice-id": 1n, payer: PAYER, amount: 100n } });
    expect(moved).toEqual(transferOf(asset, PAYER, MERCHANT, 100n));
    expect(outcome?.events).toHaveLength(4);
    expect(getSubscription(1n)).toEqual({
      "plan-id": id,
      payer: PAYER,
      "started-at": 50n,
      "next-due": 1050n,
      payments: 1n,
      status: SubscriptionStatus.ACTIVE,
    });
    expect(getInvoice(1n)).toMatchObject({ merchant: MERCHANT, "only-payer": PAYER, "refund-window": 300n });
    expect(read("get-note", Cl.uint(1))).toEqual({ reference: null, memo: null, "subscription-id": 1n });
  });

  it("is refunded as any invoice, which ends no subscription", () => {
    expectOk(subscribe({ id: givenPlan({ asset }), asset }));
    const before = getSubscription(1n);
    const outcome = refund({ asset, amount: 40n });
    expectOk(outcome);
    expect(coreEvent(outcome)).toMatchObject({ payer: PAYER, amount: 40n, "invoice-id": 1n });
    expect(getLedger(1n, PAYER)).toMatchObject({ paid: 100n, refunded: 40n });
    expect(getSubscription(1n)).toEqual(before);
  });

  it("rejects a merchant or an amount that is not the plan's", () => {
    const id = givenPlan({ asset });
    expectRefused(SubscriptionErr.TERMS_DIFFER, () => subscribe({ id, asset, merchant: OTHER_MERCHANT }));
    for (const amount of [0n, 99n, 101n, U128_MAX]) {
      expectRefused(SubscriptionErr.TERMS_DIFFER, () => subscribe({ id, asset, amount }));
    }
  });

  it("rejects another token than the plan's", () => {
    const id = givenPlan({ asset });
    expectRefused(SubscriptionErr.TOKEN_MISMATCH, () => subscribe({ id, asset: asset === STX ? SBTC : STX }));
    const hostile = hostileToken("token-moves-nothing");
    expectRefused(SubscriptionErr.TOKEN_MISMATCH, () => subscribe({ id, asset: hostile }));
  });

  it("rejects an unknown plan", () => {
    expectRefused(SubscriptionErr.PLAN_NOT_FOUND, () => subscribe({ asset }));
  });

  it("rejects everything when the merchant did not appoint the contract, or took that back", () => {
    const id = expectOk(createPlan({ asset })) as bigint;
    expectRefused(Err.NOT_AUTHORISED, () => subscribe({ id, asset }));
    expectOk(setOperator(SUBSCRIPTIONS, true, false));
    expectRefused(Err.NOT_AUTHORISED, () => subscribe({ id, asset }));
  });

  it("rejects the merchant itself, and who holds too little", () => {
    const id = givenPlan({ asset, amount: 10n ** 15n });
    expectRefused(Err.PAYER_NOT_ALLOWED, () => subscribe({ id, asset, amount: 10n ** 15n }, MERCHANT));
    expectRefused(Err.INSUFFICIENT_BALANCE, () => subscribe({ id, asset, amount: 10n ** 15n }, STRANGER));
  });
});

describe("subscribing", () => {
  it("may be relayed: it spends only the payer's own, which its post-conditions bound", () => {
    const id = givenPlan();
    const relay = deployRelay();
    expectOk(send(relay, "subscribe-stx", [Cl.uint(id), Cl.principal(MERCHANT), Cl.uint(100)], PAYER));
    expect(getSubscription(1n)).toMatchObject({ payer: PAYER, "next-due": burnHeight() + 1000n });
  });

  it("leaves nothing behind when the token refuses, answers false or takes something else", () => {
    const codes = {
      "token-refuses": Err.TRANSFER_FAILED,
      "token-answers-false": Err.TRANSFER_FAILED,
      "token-takes-stx": Err.FORBIDDEN_TRANSFER,
      "token-moves-more": Err.FORBIDDEN_TRANSFER,
    };
    for (const [name, code] of Object.entries(codes)) {
      const asset = hostileToken(name);
      mint(asset, PAYER, 1000n);
      const id = givenPlan({ asset });
      expectRefused(code, () => subscribe({ id, asset }));
    }
  });

  it("lets a token move no STX by subscribing its payer to another plan", () => {
    const accomplicesPlan = givenPlan();
    expect(accomplicesPlan).toBe(1n);
    const asset = deployTokenThatSubscribes();
    send(asset.token!, "set-accomplice", [Cl.principal(MERCHANT)], STRANGER);
    send(asset.token!, "mint", [Cl.uint(1000), Cl.principal(PAYER)], STRANGER);
    const id = givenPlan({ asset });
    expectRefused(Err.FORBIDDEN_TRANSFER, () => subscribe({ id, asset }));
  });
});
