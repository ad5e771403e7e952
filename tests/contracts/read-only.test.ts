import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  Err, MERCHANT, OPERATOR, OTHER_PAYER, PAYER, SBTC, STRANGER, Status, burnHeight, cancelInvoice, expectOk, getDeadline,
  getInvoice, getLedger, getOperator, getQuote, getRefund, getRefundable, givenInvoice, givenInvoicePaidByTwo, givenPaidInvoice,
  mineTo, pay, read, refund,
} from "./helpers.ts";

const code = (error: number) => BigInt(error);

describe("reading what is not there", () => {
  it("answers none, zeros or false", () => {
    const one = Cl.uint(1);
    expect(getInvoice(1n)).toBeNull();
    expect(read("get-note", one)).toBeNull();
    expect(getLedger(1n, PAYER)).toBeNull();
    expect(getRefund(1n)).toBeNull();
    expect(read("get-invoice-by-reference", Cl.principal(MERCHANT), Cl.stringAscii("x"))).toBeNull();
    expect(read("get-refund-by-reference", Cl.principal(MERCHANT), Cl.stringAscii("x"))).toBeNull();
    expect(getQuote(1n, PAYER)).toBeNull();
    expect(read("get-payer-at", one, Cl.uint(0))).toBeNull();
    expect(getDeadline(1n, PAYER)).toBeNull();
    expect(getRefundable(1n, PAYER)).toEqual({ amount: 0n, reason: code(Err.INVOICE_NOT_FOUND) });
    expect(getOperator(OPERATOR)).toEqual({ "may-refund": false, "may-invoice": false });
    expect(read("get-last-ids")).toEqual({ "invoice-id": 0n, "refund-id": 0n });
  });
});

describe("get-invoice", () => {
  it("derives the status: expired is only what could still be paid", () => {
    const open = givenInvoice({ expiresIn: 5n });
    const partial = givenInvoice({ expiresIn: 5n, minPayment: 10n });
    expectOk(pay({ invoiceId: partial, amount: 10n }));
    const paid = givenPaidInvoice({ expiresIn: 5n });
    const cancelled = givenInvoice({ expiresIn: 5n });
    expectOk(cancelInvoice(cancelled));
    const refunded = givenPaidInvoice({ expiresIn: 5n });
    expectOk(refund({ invoiceId: refunded }));
    const statuses = () => [open, partial, paid, cancelled, refunded].map((id) => getInvoice(id)["status"]);

    const expiresAt = getInvoice(open)["expires-at"] as bigint;
    mineTo(expiresAt - 1n);
    expect(statuses()).toEqual([Status.OPEN, Status.PARTIALLY_PAID, Status.PAID, Status.CANCELLED, Status.REFUNDED]);
    mineTo(expiresAt);
    expect(statuses()).toEqual([Status.EXPIRED, Status.EXPIRED, Status.PAID, Status.CANCELLED, Status.REFUNDED]);
  });
});

describe("get-refundable and get-deadline", () => {
  it("tell each payer's own amount and deadline", () => {
    const paidAt = burnHeight();
    const invoiceId = givenInvoicePaidByTwo();
    expectOk(refund({ invoiceId, amount: 25n }));
    expect(getRefundable(invoiceId, PAYER)).toEqual({ amount: 35n, reason: null });
    expect(getRefundable(invoiceId, OTHER_PAYER)).toEqual({ amount: 40n, reason: null });
    expect(getDeadline(invoiceId, PAYER)).toBe(paidAt + 4320n);
    expect(getDeadline(invoiceId, STRANGER)).toBeNull();
  });

  it("say why nothing is refundable, as the refund itself would", () => {
    const invoiceId = givenPaidInvoice({ refundWindow: 144n });
    expect(getRefundable(invoiceId, STRANGER)).toEqual({ amount: 0n, reason: code(Err.NOTHING_PAID) });
    expectOk(refund({ invoiceId }));
    expect(getRefundable(invoiceId, PAYER)).toEqual({ amount: 0n, reason: code(Err.FULLY_REFUNDED) });
    const late = givenPaidInvoice({ refundWindow: 144n });
    const deadline = getDeadline(late, PAYER) as bigint;
    mineTo(deadline - 1n);
    expect(getRefundable(late, PAYER)).toEqual({ amount: 100n, reason: null });
    mineTo(deadline);
    expect(getRefundable(late, PAYER)).toEqual({ amount: 0n, reason: code(Err.WINDOW_EXPIRED) });
    expect(getRefundable(invoiceId, PAYER)).toEqual({ amount: 0n, reason: code(Err.WINDOW_EXPIRED) });
  });
});

describe("get-refund-quote", () => {
  it("tells all that a wallet needs for a refund", () => {
    const paidAt = burnHeight();
    const invoiceId = givenInvoicePaidByTwo({ asset: SBTC });
    expectOk(refund({ invoiceId, asset: SBTC, amount: 25n, reference: "refund-1" }));
    mineTo(paidAt + 9n);
    expect(getQuote(invoiceId, PAYER, "refund-2")).toEqual({
      merchant: MERCHANT,
      token: SBTC.token,
      amount: 100n,
      "amount-paid": 100n,
      "amount-refunded": 25n,
      status: Status.PAID,
      "refund-window": 4320n,
      "first-payment-at": paidAt,
      "payer-count": 2n,
      paid: 60n,
      refunded: 25n,
      deadline: paidAt + 4320n,
      refundable: 35n,
      refusal: null,
      "reference-refund-id": null,
      "burn-height": paidAt + 9n,
    });
  });

  it("names the refund of a reference that is used, beside what is refundable", () => {
    const invoiceId = givenPaidInvoice();
    expectOk(refund({ invoiceId, amount: 25n, reference: "refund-1" }));
    expect(getQuote(invoiceId, PAYER, "refund-1")).toMatchObject({
      refundable: 75n,
      refusal: code(Err.REFERENCE_USED),
      "reference-refund-id": 1n,
    });
  });

  it("refuses an empty reference", () => {
    const invoiceId = givenPaidInvoice();
    expect(getQuote(invoiceId, PAYER, "")).toMatchObject({ refusal: code(Err.REFERENCE_EMPTY), "reference-refund-id": null });
  });

  it("says why nothing is refundable to this payer", () => {
    const invoiceId = givenPaidInvoice({ refundWindow: 144n });
    expect(getQuote(invoiceId, STRANGER)).toMatchObject({
      paid: 0n,
      refunded: 0n,
      deadline: null,
      refundable: 0n,
      refusal: code(Err.NOTHING_PAID),
    });
    expectOk(refund({ invoiceId }));
    expect(getQuote(invoiceId, PAYER)).toMatchObject({
      status: Status.REFUNDED,
      refundable: 0n,
      refusal: code(Err.FULLY_REFUNDED),
    });
    mineTo(burnHeight() + 144n);
    expect(getQuote(invoiceId, PAYER)).toMatchObject({ refundable: 0n, refusal: code(Err.WINDOW_EXPIRED) });
  });

  it("shows an unpaid invoice, and the derived status", () => {
    const invoiceId = givenInvoice({ expiresIn: 1n });
    mineTo(burnHeight() + 1n);
    expect(getQuote(invoiceId, PAYER)).toMatchObject({
      status: Status.EXPIRED,
      "first-payment-at": null,
      "payer-count": 0n,
      refusal: code(Err.NOTHING_PAID),
    });
  });
});
