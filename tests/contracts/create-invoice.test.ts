import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  CORE, Err, type InvoiceTerms, MERCHANT, OTHER_MERCHANT, PAYER, RELAY, SBTC, SMART_WALLET, STRANGER, Status, U128_MAX,
  burnHeight, coreEvent, createInvoice, expectOk, expectRefused, getInvoice, givenInvoice, mineTo, read, send,
} from "./helpers.ts";

describe("create-invoice", () => {
  it("stores every term, prints them and moves nothing", () => {
    mineTo(100n);
    const { result, events } = createInvoice({
      amount: 250n,
      asset: SBTC,
      expiresIn: 50n,
      refundWindow: 2000n,
      minPayment: 25n,
      onlyPayer: PAYER,
      reference: "order-1",
      memo: "caf\u{e9} \u{2615}",
    });
    expect(result).toEqual({ ok: 1n });
    expect(events).toEqual([
      {
        contract: CORE,
        print: {
          event: "invoice-created",
          "burn-height": 100n,
          "invoice-id": 1n,
          merchant: MERCHANT,
          issuer: MERCHANT,
          token: SBTC.token,
          amount: 250n,
          "min-payment": 25n,
          "only-payer": PAYER,
          reference: "order-1",
          memo: "caf\u{e9} \u{2615}",
          "subscription-id": null,
          "amount-paid": 0n,
          "amount-refunded": 0n,
          status: Status.OPEN,
          "refund-window": 2000n,
          "first-payment-at": null,
          "expires-at": 150n,
        },
      },
    ]);
    expect(getInvoice(1n)).toEqual({
      merchant: MERCHANT,
      token: SBTC.token,
      amount: 250n,
      "amount-paid": 0n,
      "amount-refunded": 0n,
      status: Status.OPEN,
      "min-payment": 25n,
      "only-payer": PAYER,
      "refund-window": 2000n,
      "created-at": 100n,
      "expires-at": 150n,
      "first-payment-at": null,
      "payer-count": 0n,
      "last-refund-id": null,
    });
    expect(read("get-note", Cl.uint(1))).toEqual({
      reference: "order-1",
      memo: "caf\u{e9} \u{2615}",
      "subscription-id": null,
    });
  });

  it("gives an STX invoice for one payment a window of 4320 blocks, and no note, when nothing else is said", () => {
    givenInvoice({ amount: 1n });
    expect(getInvoice(1n)).toMatchObject({ token: null, "refund-window": 4320n, "min-payment": null, "only-payer": null });
    expect(read("get-note", Cl.uint(1))).toBeNull();
  });

  it("numbers invoices densely from 1, across merchants and refusals", () => {
    expect(createInvoice().result).toEqual({ ok: 1n });
    expect(createInvoice({ amount: 0n }).result).toEqual({ err: 1002n });
    expect(createInvoice({}, OTHER_MERCHANT).result).toEqual({ ok: 2n });
    expect(read("get-last-ids")).toEqual({ "invoice-id": 2n, "refund-id": 0n });
  });

  it("lets a contract that acts for itself be the merchant", () => {
    const outcome = send(SMART_WALLET, "create-invoice", [Cl.uint(5)], STRANGER);
    expect(outcome.result).toEqual({ ok: 1n });
    expect(coreEvent(outcome)).toMatchObject({ merchant: SMART_WALLET, issuer: SMART_WALLET });
  });

  it("rejects a relayed call", () => {
    expectRefused(Err.NOT_AUTHORISED, () => send(RELAY, "create-invoice", [Cl.uint(5)], MERCHANT));
  });

  it.each<[string, InvoiceTerms]>([
    ["the smallest amount", { amount: 1n }],
    ["the largest amount", { amount: U128_MAX }],
    ["the shortest window", { refundWindow: 144n }],
    ["the longest window", { refundWindow: 52560n }],
    ["the shortest window with instalments", { refundWindow: 1008n, minPayment: 1n }],
    ["a min-payment of the whole amount", { amount: 100n, minPayment: 100n }],
    ["the shortest life", { expiresIn: 1n }],
    ["the longest life", { expiresIn: 52560n }],
    ["the longest texts", { reference: "x".repeat(64), memo: "\u{1F98A}".repeat(256) }],
    ["an empty memo", { memo: "" }],
    ["a contract as the only payer", { onlyPayer: SMART_WALLET }],
  ])("accepts %s", (_, terms) => {
    const outcome = createInvoice(terms);
    expect(outcome.result).toEqual({ ok: 1n });
    expect(coreEvent(outcome)).toMatchObject({ reference: terms.reference ?? null, memo: terms.memo ?? null });
    expect(getInvoice(1n)).toMatchObject({
      amount: terms.amount ?? 100n,
      "refund-window": terms.refundWindow ?? 4320n,
      "min-payment": terms.minPayment ?? null,
      "only-payer": terms.onlyPayer ?? null,
      "expires-at": burnHeight() + (terms.expiresIn ?? 1000n),
    });
  });

  it.each<[string, number, InvoiceTerms]>([
    ["an amount of zero", Err.INVALID_AMOUNT, { amount: 0n }],
    ["a min-payment of zero", Err.INVALID_AMOUNT, { minPayment: 0n }],
    ["a min-payment above the amount", Err.INVALID_AMOUNT, { amount: 100n, minPayment: 101n }],
    ["a window of 143 blocks", Err.INVALID_WINDOW, { refundWindow: 143n }],
    ["a window of 52561 blocks", Err.INVALID_WINDOW, { refundWindow: 52561n }],
    ["a window of no blocks", Err.INVALID_WINDOW, { refundWindow: 0n }],
    ["the largest number as window", Err.INVALID_WINDOW, { refundWindow: U128_MAX }],
    ["instalments with a window of 1007 blocks", Err.INVALID_WINDOW, { refundWindow: 1007n, minPayment: 1n }],
    ["a life of no blocks", Err.INVALID_EXPIRY, { expiresIn: 0n }],
    ["a life of 52561 blocks", Err.INVALID_EXPIRY, { expiresIn: 52561n }],
    ["the largest number as life", Err.INVALID_EXPIRY, { expiresIn: U128_MAX }],
    ["itself as the only payer", Err.PAYER_NOT_ALLOWED, { onlyPayer: MERCHANT }],
    ["an empty reference", Err.REFERENCE_EMPTY, { reference: "" }],
  ])("rejects %s", (_, code, terms) => {
    expectRefused(code, () => createInvoice(terms));
  });
});

describe("an invoice's reference", () => {
  it("names one invoice of its merchant, with regard to case", () => {
    givenInvoice({ reference: "order-1" });
    expectRefused(Err.REFERENCE_USED, () => createInvoice({ reference: "order-1", amount: 7n }));
    expect(createInvoice({ reference: "Order-1" }).result).toEqual({ ok: 2n });
    expect(createInvoice({ reference: "order-1" }, OTHER_MERCHANT).result).toEqual({ ok: 3n });

    const find = (merchant: string, text: string) =>
      read("get-invoice-by-reference", Cl.principal(merchant), Cl.stringAscii(text));
    expect(find(MERCHANT, "order-1")).toBe(1n);
    expect(find(MERCHANT, "Order-1")).toBe(2n);
    expect(find(OTHER_MERCHANT, "order-1")).toBe(3n);
    expect(find(OTHER_MERCHANT, "Order-1")).toBeNull();
  });

  it("is not used up by a call that failed", () => {
    expect(createInvoice({ reference: "order-1", expiresIn: 0n }).result).toEqual({ err: 1004n });
    expect(expectOk(createInvoice({ reference: "order-1" }))).toBe(1n);
  });
});
