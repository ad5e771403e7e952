import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  BILLING_OPERATOR, CORE, Err, MERCHANT, OPERATOR, OTHER_MERCHANT, type Outcome, PAYER, SBTC, STX, Status, U128_MAX,
  balanceChanges, balanceOf, burnHeight, expectOk, expectRefused, getInvoice, getLedger, givenInvoice, mineTo, optional, pay, read,
  refund, send, setOperator, transferOf,
} from "./helpers.ts";

interface Charge {
  merchant?: string;
  amount?: bigint;
  window?: bigint;
  subscriptionId?: bigint;
}

describe.each([STX, SBTC])("invoicing and paying at once in $name", (asset) => {
  const suffix = asset.token === null ? "stx" : "ft";
  const args = ({ merchant = MERCHANT, amount = 100n, window, subscriptionId }: Charge) => [
    Cl.principal(merchant),
    Cl.uint(amount),
    ...(asset.token === null ? [] : [Cl.principal(asset.token)]),
    optional(window, Cl.uint),
    optional(subscriptionId, Cl.uint),
  ];
  /** PAYER calls the billing contract, which calls core. */
  const charge = (terms: Charge = {}, sender = PAYER): Outcome =>
    send(BILLING_OPERATOR, `charge-${suffix}`, args(terms), sender);
  /** The sender calls core itself. */
  const chargeDirectly = (terms: Charge, sender: string): Outcome =>
    send(CORE, `invoice-and-pay-${suffix}`, args(terms), sender);

  it("creates an invoice for tx-sender alone, pays it and prints both", () => {
    expectOk(setOperator(BILLING_OPERATOR, false, true));
    mineTo(50n);
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = charge({ window: 300n, subscriptionId: 12n });
    });
    expect(changes).toEqual({ [PAYER]: -100n, [MERCHANT]: 100n });
    expect(outcome?.result).toEqual({ ok: 1n });
    const shared = { "burn-height": 50n, "invoice-id": 1n, merchant: MERCHANT, token: asset.token, amount: 100n };
    expect(outcome?.events).toEqual([
      {
        contract: CORE,
        print: {
          ...shared,
          event: "invoice-created",
          issuer: BILLING_OPERATOR,
          "min-payment": null,
          "only-payer": PAYER,
          reference: null,
          memo: null,
          "subscription-id": 12n,
          "amount-paid": 0n,
          "amount-refunded": 0n,
          status: Status.OPEN,
          "refund-window": 300n,
          "first-payment-at": null,
          "expires-at": 51n,
        },
      },
      {
        contract: CORE,
        print: {
          ...shared,
          event: "payment-received",
          payer: PAYER,
          "payer-paid": 100n,
          "payer-refunded": 0n,
          deadline: 350n,
          "amount-paid": 100n,
          "amount-refunded": 0n,
          status: Status.PAID,
          "refund-window": 300n,
          "first-payment-at": 50n,
          "expires-at": 51n,
        },
      },
      transferOf(asset, PAYER, MERCHANT, 100n),
    ]);
    expect(getInvoice(1n)).toMatchObject({ status: Status.PAID, "only-payer": PAYER, "payer-count": 1n, "created-at": 50n });
    expect(getLedger(1n, PAYER)).toEqual({ paid: 100n, refunded: 0n, "first-paid-at": 50n });
    expect(read("get-note", Cl.uint(1))).toEqual({ reference: null, memo: null, "subscription-id": 12n });
  });

  it("is refunded as any other invoice, with a window of 4320 blocks when nothing else is said", () => {
    expectOk(setOperator(BILLING_OPERATOR, false, true));
    const paidAt = burnHeight();
    const invoiceId = expectOk(charge()) as bigint;
    mineTo(paidAt + 4319n);
    expectOk(refund({ invoiceId, asset, amount: 60n }));
    mineTo(paidAt + 4320n);
    expectRefused(Err.WINDOW_EXPIRED, () => refund({ invoiceId, asset, amount: 40n, expectedRefunded: 60n }));
  });

  it("lets an operator that is a wallet pay an invoice of its own making", () => {
    expectOk(setOperator(OPERATOR, false, true));
    expect(chargeDirectly({}, OPERATOR).result).toEqual({ ok: 1n });
    expect(getInvoice(1n)).toMatchObject({ "only-payer": OPERATOR, status: Status.PAID });
  });

  it("rejects a caller that is not the merchant's operator, or may only refund", () => {
    expectRefused(Err.NOT_AUTHORISED, () => charge());
    expectRefused(Err.NOT_AUTHORISED, () => chargeDirectly({}, PAYER));
    expectOk(setOperator(BILLING_OPERATOR, true, false));
    expectRefused(Err.NOT_AUTHORISED, () => charge());
    expectOk(setOperator(BILLING_OPERATOR, false, true, OTHER_MERCHANT));
    expectRefused(Err.NOT_AUTHORISED, () => charge());
  });

  it("rejects a revoked operator", () => {
    expectOk(setOperator(BILLING_OPERATOR, false, true));
    expectOk(setOperator(BILLING_OPERATOR, false, false));
    expectRefused(Err.NOT_AUTHORISED, () => charge());
  });

  it("counts the contract, not the wallet that calls it, as operator", () => {
    expectOk(setOperator(OPERATOR, false, true));
    expectRefused(Err.NOT_AUTHORISED, () => charge({}, OPERATOR));
  });

  it("rejects the merchant as payer", () => {
    expectOk(setOperator(BILLING_OPERATOR, false, true));
    expectRefused(Err.PAYER_NOT_ALLOWED, () => charge({}, MERCHANT));
  });

  it("rejects an amount of zero and a window out of range", () => {
    expectOk(setOperator(BILLING_OPERATOR, false, true));
    expectRefused(Err.INVALID_AMOUNT, () => charge({ amount: 0n }));
    for (const window of [0n, 143n, 52561n, U128_MAX]) expectRefused(Err.INVALID_WINDOW, () => charge({ window }));
  });

  it("leaves no invoice behind when the payer holds too little", () => {
    expectOk(setOperator(BILLING_OPERATOR, false, true));
    expectRefused(Err.INSUFFICIENT_BALANCE, () => charge({ amount: balanceOf(PAYER, asset) + 1n }));
    expectRefused(Err.INSUFFICIENT_BALANCE, () => charge({ amount: U128_MAX }));
    expect(givenInvoice()).toBe(1n);
  });

  it("leaves no invoice that anybody could pay again", () => {
    expectOk(setOperator(BILLING_OPERATOR, false, true));
    expectOk(charge());
    expectRefused(Err.NOT_PAYABLE, () => pay({ invoiceId: 1n, asset }));
  });
});
