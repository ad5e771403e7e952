import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  CORE, Err, MERCHANT, OPERATOR, PAYER, RELAY, SMART_WALLET, STRANGER, STX, Status, U128_MAX, balanceChanges, burnHeight,
  cancelInvoice, expectOk, expectRefused, getInvoice, getRefundable, givenInvoice, givenPaidInvoice, mineTo, pay, refund, send,
  setOperator,
} from "./helpers.ts";

describe("cancel-invoice", () => {
  it("ends the payment of an open invoice", () => {
    const invoiceId = givenInvoice();
    const { result, events } = cancelInvoice(invoiceId);
    expect(result).toEqual({ ok: true });
    expect(events).toEqual([
      {
        contract: CORE,
        print: {
          event: "invoice-cancelled",
          "burn-height": burnHeight(),
          "invoice-id": invoiceId,
          merchant: MERCHANT,
          "amount-paid": 0n,
          "amount-refunded": 0n,
          status: Status.CANCELLED,
          "refund-window": 4320n,
          "first-payment-at": null,
          "expires-at": getInvoice(invoiceId)["expires-at"],
        },
      },
    ]);
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.CANCELLED });
    expectRefused(Err.NOT_PAYABLE, () => pay({ invoiceId }));
  });

  it("leaves what was paid refundable", () => {
    const invoiceId = givenInvoice({ minPayment: 10n });
    expectOk(pay({ invoiceId, amount: 30n }));
    expectOk(cancelInvoice(invoiceId));
    expect(getRefundable(invoiceId, PAYER)).toEqual({ amount: 30n, reason: null });
    const changes = balanceChanges(STX, () => expectOk(refund({ invoiceId, amount: 30n })));
    expect(changes).toEqual({ [MERCHANT]: -30n, [PAYER]: 30n });
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.REFUNDED });
  });

  it("keeps a cancelled invoice cancelled past its expiry", () => {
    const invoiceId = givenInvoice({ expiresIn: 5n });
    expectOk(cancelInvoice(invoiceId));
    mineTo(burnHeight() + 10n);
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.CANCELLED });
  });

  it("is possible in the last block before expiry, and not in the next", () => {
    const invoiceId = givenInvoice({ expiresIn: 5n });
    const expiresAt = getInvoice(invoiceId)["expires-at"] as bigint;
    mineTo(expiresAt);
    expectRefused(Err.NOT_CANCELLABLE, () => cancelInvoice(invoiceId));
    const other = givenInvoice({ expiresIn: 5n });
    mineTo(expiresAt + 4n);
    expectOk(cancelInvoice(other));
  });

  it("rejects an invoice that is paid, cancelled or refunded", () => {
    const paid = givenPaidInvoice();
    expectRefused(Err.NOT_CANCELLABLE, () => cancelInvoice(paid));
    expectOk(refund({ invoiceId: paid }));
    expectRefused(Err.NOT_CANCELLABLE, () => cancelInvoice(paid));
    const cancelled = givenInvoice();
    expectOk(cancelInvoice(cancelled));
    expectRefused(Err.NOT_CANCELLABLE, () => cancelInvoice(cancelled));
  });

  it("rejects an unknown invoice", () => {
    for (const id of [0n, 1n, U128_MAX]) expectRefused(Err.INVOICE_NOT_FOUND, () => cancelInvoice(id));
  });

  it("rejects everybody but the merchant, operators too", () => {
    const invoiceId = givenInvoice();
    expectOk(setOperator(OPERATOR, true, true));
    for (const sender of [PAYER, OPERATOR, STRANGER]) {
      expectRefused(Err.NOT_AUTHORISED, () => cancelInvoice(invoiceId, sender));
    }
  });

  it("rejects a relayed call", () => {
    const invoiceId = givenInvoice();
    expectRefused(Err.NOT_AUTHORISED, () => send(RELAY, "cancel-invoice", [Cl.uint(invoiceId)], MERCHANT));
  });

  it("is open to a merchant that is a contract", () => {
    const invoiceId = expectOk(send(SMART_WALLET, "create-invoice", [Cl.uint(5)], STRANGER)) as bigint;
    expectOk(send(SMART_WALLET, "cancel-invoice", [Cl.uint(invoiceId)], STRANGER));
    expect(getInvoice(invoiceId)).toMatchObject({ merchant: SMART_WALLET, status: Status.CANCELLED });
  });
});
