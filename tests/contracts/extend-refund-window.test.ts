import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  CORE, Err, MERCHANT, OPERATOR, OTHER_PAYER, PAYER, RELAY, STRANGER, Status, U128_MAX, burnHeight, cancelInvoice, expectOk,
  expectRefused, extendRefundWindow, getDeadline, getInvoice, givenInvoice, givenPaidInvoice, mineTo, pay, refund, send,
  setOperator,
} from "./helpers.ts";

describe("extend-refund-window", () => {
  it("lengthens the window and prints the old and the new one", () => {
    const invoiceId = givenPaidInvoice({ refundWindow: 200n });
    const paidAt = burnHeight();
    const { result, events } = extendRefundWindow(invoiceId, 500n);
    expect(result).toEqual({ ok: true });
    expect(events).toEqual([
      {
        contract: CORE,
        print: {
          event: "refund-window-extended",
          "burn-height": paidAt,
          "invoice-id": invoiceId,
          merchant: MERCHANT,
          "old-window": 200n,
          "amount-paid": 100n,
          "amount-refunded": 0n,
          status: Status.PAID,
          "refund-window": 500n,
          "first-payment-at": paidAt,
          "expires-at": getInvoice(invoiceId)["expires-at"],
        },
      },
    ]);
    expect(getDeadline(invoiceId, PAYER)).toBe(paidAt + 500n);
    mineTo(paidAt + 499n);
    expectOk(refund({ invoiceId }));
  });

  it("lengthens it for every payer, each from its own first payment", () => {
    const invoiceId = givenInvoice({ minPayment: 10n, refundWindow: 1008n });
    const firstAt = burnHeight();
    expectOk(pay({ invoiceId, amount: 60n }, PAYER));
    mineTo(firstAt + 300n);
    expectOk(pay({ invoiceId, amount: 40n }, OTHER_PAYER));
    expectOk(extendRefundWindow(invoiceId, 2000n));
    expect(getDeadline(invoiceId, PAYER)).toBe(firstAt + 2000n);
    expect(getDeadline(invoiceId, OTHER_PAYER)).toBe(firstAt + 2300n);
  });

  it("holds for an unpaid invoice, even an expired or cancelled one", () => {
    const invoiceId = givenInvoice({ refundWindow: 200n, expiresIn: 1n });
    mineTo(burnHeight() + 1000n);
    expectOk(extendRefundWindow(invoiceId, 201n));
    const cancelled = givenInvoice();
    expectOk(cancelInvoice(cancelled));
    expectOk(extendRefundWindow(cancelled, 52560n));
    expect(getInvoice(cancelled)).toMatchObject({ "refund-window": 52560n, status: Status.CANCELLED });
  });

  it("is possible in the last block before the first deadline, and not in the next", () => {
    const early = givenPaidInvoice({ refundWindow: 144n });
    const paidAt = burnHeight();
    mineTo(paidAt + 143n);
    expectOk(extendRefundWindow(early, 145n));
    mineTo(paidAt + 145n);
    expectRefused(Err.WINDOW_EXPIRED, () => extendRefundWindow(early, 200n));
  });

  it("ends with the earliest deadline, while later payers can still be refunded", () => {
    const invoiceId = givenInvoice({ minPayment: 10n, refundWindow: 1008n, expiresIn: 52560n });
    const firstAt = burnHeight();
    expectOk(pay({ invoiceId, amount: 60n }, PAYER));
    mineTo(firstAt + 300n);
    expectOk(pay({ invoiceId, amount: 40n }, OTHER_PAYER));
    mineTo(firstAt + 1008n);
    expectRefused(Err.WINDOW_EXPIRED, () => extendRefundWindow(invoiceId, 2000n));
    expectOk(refund({ invoiceId, payer: OTHER_PAYER, amount: 40n }));
  });

  it("rejects a window that is not longer, or too long", () => {
    const invoiceId = givenInvoice({ refundWindow: 200n });
    for (const window of [0n, 199n, 200n, 52561n, U128_MAX]) {
      expectRefused(Err.INVALID_WINDOW, () => extendRefundWindow(invoiceId, window));
    }
  });

  it("rejects an unknown invoice", () => {
    expectRefused(Err.INVOICE_NOT_FOUND, () => extendRefundWindow(1n, 52560n));
  });

  it("rejects everybody but the merchant, and a relayed call", () => {
    const invoiceId = givenInvoice();
    expectOk(setOperator(OPERATOR, true, true));
    for (const sender of [PAYER, OPERATOR, STRANGER]) {
      expectRefused(Err.NOT_AUTHORISED, () => extendRefundWindow(invoiceId, 52560n, sender));
    }
    expectRefused(Err.NOT_AUTHORISED, () =>
      send(RELAY, "extend-refund-window", [Cl.uint(invoiceId), Cl.uint(52560)], MERCHANT),
    );
  });
});
