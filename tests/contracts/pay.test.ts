import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  CORE, Err, MERCHANT, OTHER_MERCHANT, OTHER_PAYER, PAYER, RELAY, SBTC, SMART_WALLET, STRANGER, STX, Status, TOKEN_FUNDS,
  U128_MAX, type Outcome, balanceChanges, balanceOf, burnHeight, cancelInvoice, coreEvent, expectOk, expectRefused, getDeadline,
  getInvoice, getLedger, givenInvoice, givenPaidInvoice, hostileToken, mineTo, mint, pay, read, refund, send, transferOf,
} from "./helpers.ts";

const relayedPayment = (amount: bigint): Outcome =>
  send(RELAY, "pay-stx", [Cl.uint(1), Cl.principal(MERCHANT), Cl.uint(amount)], PAYER);

describe.each([STX, SBTC])("paying in $name", (asset) => {
  it("moves the whole amount to the merchant, prints it and opens the refund window", () => {
    const invoiceId = givenInvoice({ asset });
    mineTo(20n);
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = pay({ invoiceId, asset });
    });
    expect(changes).toEqual({ [PAYER]: -100n, [MERCHANT]: 100n });
    expect(outcome?.result).toEqual({ ok: true });
    expect(outcome?.events).toEqual([
      {
        contract: CORE,
        print: {
          event: "payment-received",
          "burn-height": 20n,
          "invoice-id": invoiceId,
          merchant: MERCHANT,
          payer: PAYER,
          token: asset.token,
          amount: 100n,
          "payer-paid": 100n,
          "payer-refunded": 0n,
          deadline: 4340n,
          "amount-paid": 100n,
          "amount-refunded": 0n,
          status: Status.PAID,
          "refund-window": 4320n,
          "first-payment-at": 20n,
          "expires-at": getInvoice(invoiceId)["expires-at"],
        },
      },
      transferOf(asset, PAYER, MERCHANT, 100n),
    ]);
    expect(getInvoice(invoiceId)).toMatchObject({
      "amount-paid": 100n,
      status: Status.PAID,
      "first-payment-at": 20n,
      "payer-count": 1n,
    });
    expect(getLedger(invoiceId, PAYER)).toEqual({ paid: 100n, refunded: 0n, "first-paid-at": 20n });
    expect(read("get-payer-at", Cl.uint(invoiceId), Cl.uint(0))).toBe(PAYER);
  });

  it("adds up instalments of several payers, each with its own ledger and deadline", () => {
    const invoiceId = givenInvoice({ asset, minPayment: 10n, refundWindow: 1008n });
    const start = burnHeight();
    const first = pay({ invoiceId, asset, amount: 30n }, PAYER);
    mineTo(start + 7n);
    const second = pay({ invoiceId, asset, amount: 40n }, OTHER_PAYER);
    mineTo(start + 9n);
    const last = pay({ invoiceId, asset, amount: 30n }, PAYER);

    expect(coreEvent(first)).toMatchObject({ "amount-paid": 30n, status: Status.PARTIALLY_PAID, deadline: start + 1008n });
    expect(coreEvent(second)).toMatchObject({ "payer-paid": 40n, "amount-paid": 70n, deadline: start + 1015n });
    expect(coreEvent(last)).toMatchObject({
      "payer-paid": 60n,
      "amount-paid": 100n,
      status: Status.PAID,
      deadline: start + 1008n,
      "first-payment-at": start,
    });
    expect(getLedger(invoiceId, PAYER)).toEqual({ paid: 60n, refunded: 0n, "first-paid-at": start });
    expect(getLedger(invoiceId, OTHER_PAYER)).toEqual({ paid: 40n, refunded: 0n, "first-paid-at": start + 7n });
    expect(getDeadline(invoiceId, OTHER_PAYER)).toBe(start + 1015n);
    expect(getInvoice(invoiceId)).toMatchObject({ "payer-count": 2n, "first-payment-at": start });
    const payerAt = (index: number) => read("get-payer-at", Cl.uint(invoiceId), Cl.uint(index));
    expect([payerAt(0), payerAt(1), payerAt(2)]).toEqual([PAYER, OTHER_PAYER, null]);
  });

  it("takes the rest even when it is below min-payment", () => {
    const invoiceId = givenInvoice({ asset, minPayment: 60n });
    expectOk(pay({ invoiceId, asset, amount: 60n }));
    expectRefused(Err.BELOW_MIN_PAYMENT, () => pay({ invoiceId, asset, amount: 39n }));
    expectOk(pay({ invoiceId, asset, amount: 40n }));
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.PAID });
  });

  it("takes the payment in the last block before expiry, and not in the next", () => {
    const early = givenInvoice({ asset, expiresIn: 5n });
    const late = givenInvoice({ asset, expiresIn: 5n });
    const expiresAt = getInvoice(early)["expires-at"] as bigint;
    mineTo(expiresAt - 1n);
    expectOk(pay({ invoiceId: early, asset }));
    mineTo(expiresAt);
    expect(getInvoice(late)).toMatchObject({ status: Status.EXPIRED });
    expectRefused(Err.INVOICE_EXPIRED, () => pay({ invoiceId: late, asset }));
  });

  it("takes an instalment while 144 blocks remain to its payer's deadline, and not after; others may still pay", () => {
    const invoiceId = givenInvoice({ asset, minPayment: 10n, refundWindow: 1008n, expiresIn: 52560n });
    const start = burnHeight();
    expectOk(pay({ invoiceId, asset, amount: 10n }));
    mineTo(start + 1008n - 144n);
    expectOk(pay({ invoiceId, asset, amount: 10n }));
    mineTo(start + 1008n - 143n);
    expectRefused(Err.INSTALMENT_TOO_LATE, () => pay({ invoiceId, asset, amount: 10n }));
    expectOk(pay({ invoiceId, asset, amount: 10n }, OTHER_PAYER));
    mineTo(start + 5000n);
    expectRefused(Err.INSTALMENT_TOO_LATE, () => pay({ invoiceId, asset, amount: 10n }));
  });

  it("rejects an unknown invoice", () => {
    for (const invoiceId of [0n, 1n, U128_MAX]) {
      expectRefused(Err.INVOICE_NOT_FOUND, () => pay({ invoiceId, asset }));
    }
  });

  it("rejects a merchant other than the invoice's", () => {
    givenInvoice({ asset });
    for (const merchant of [OTHER_MERCHANT, PAYER, SMART_WALLET]) {
      expectRefused(Err.MERCHANT_MISMATCH, () => pay({ merchant, asset }));
    }
  });

  it("rejects the merchant as payer", () => {
    givenInvoice({ asset });
    expectRefused(Err.PAYER_NOT_ALLOWED, () => pay({ asset }, MERCHANT));
  });

  it("rejects everybody but the only-payer", () => {
    givenInvoice({ asset, onlyPayer: OTHER_PAYER });
    expectRefused(Err.PAYER_NOT_ALLOWED, () => pay({ asset }, PAYER));
    expectOk(pay({ asset }, OTHER_PAYER));
  });

  it("rejects an amount other than the whole when no instalments are agreed", () => {
    givenInvoice({ asset });
    expectRefused(Err.INVALID_AMOUNT, () => pay({ asset, amount: 0n }));
    expectRefused(Err.BELOW_MIN_PAYMENT, () => pay({ asset, amount: 99n }));
    expectRefused(Err.MORE_THAN_DUE, () => pay({ asset, amount: 101n }));
    expectRefused(Err.MORE_THAN_DUE, () => pay({ asset, amount: U128_MAX }));
  });

  it("rejects an instalment below min-payment or above what is due", () => {
    givenInvoice({ asset, minPayment: 25n });
    expectOk(pay({ asset, amount: 50n }));
    expectRefused(Err.INVALID_AMOUNT, () => pay({ asset, amount: 0n }));
    expectRefused(Err.BELOW_MIN_PAYMENT, () => pay({ asset, amount: 24n }));
    expectRefused(Err.MORE_THAN_DUE, () => pay({ asset, amount: 51n }));
    expectRefused(Err.MORE_THAN_DUE, () => pay({ asset, amount: U128_MAX }));
  });

  it("rejects payment of an invoice that is paid, cancelled or refunded", () => {
    const paid = givenPaidInvoice({ asset });
    expectRefused(Err.NOT_PAYABLE, () => pay({ invoiceId: paid, asset }, OTHER_PAYER));
    expectOk(refund({ invoiceId: paid, asset }));
    expectRefused(Err.NOT_PAYABLE, () => pay({ invoiceId: paid, asset }, OTHER_PAYER));
    const cancelled = givenInvoice({ asset });
    expectOk(cancelInvoice(cancelled));
    expectRefused(Err.NOT_PAYABLE, () => pay({ invoiceId: cancelled, asset }));
  });

  it("rejects any further payment once a refund was issued", () => {
    const invoiceId = givenInvoice({ asset, minPayment: 10n });
    expectOk(pay({ invoiceId, asset, amount: 50n }));
    expectOk(refund({ invoiceId, asset, amount: 1n }));
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.PARTIALLY_PAID });
    expectRefused(Err.NOT_PAYABLE, () => pay({ invoiceId, asset, amount: 50n }, PAYER));
    expectRefused(Err.NOT_PAYABLE, () => pay({ invoiceId, asset, amount: 50n }, OTHER_PAYER));
  });

  it("rejects a payer that holds too little", () => {
    const amount = balanceOf(PAYER, asset) + 1n;
    givenInvoice({ asset, amount });
    expectRefused(Err.INSUFFICIENT_BALANCE, () => pay({ asset, amount }));
  });

  it("takes all that a payer holds", () => {
    const amount = balanceOf(PAYER, asset);
    givenInvoice({ asset, amount });
    expectOk(pay({ asset, amount }));
    expect(balanceOf(PAYER, asset)).toBe(0n);
  });
});

describe("pay-stx", () => {
  it("rejects a token invoice", () => {
    givenInvoice({ asset: SBTC });
    expectRefused(Err.TOKEN_MISMATCH, () => pay({ asset: STX }));
  });

  it("lets contracts be payer and merchant", () => {
    expectOk(send(SMART_WALLET, "create-invoice", [Cl.uint(50)], STRANGER));
    expectOk(pay({ invoiceId: 1n, merchant: SMART_WALLET, amount: 50n }));
    expect(balanceOf(SMART_WALLET, STX)).toBe(50n);

    const invoiceId = givenInvoice({ amount: 20n });
    const payment = [Cl.uint(invoiceId), Cl.principal(MERCHANT), Cl.uint(20)];
    const outcome = send(SMART_WALLET, "pay-stx", payment, STRANGER);
    expect(coreEvent(outcome)).toMatchObject({ payer: SMART_WALLET, amount: 20n });
    expect(balanceOf(SMART_WALLET, STX)).toBe(30n);
    expectOk(refund({ invoiceId, payer: SMART_WALLET, amount: 20n }));
    expect(balanceOf(SMART_WALLET, STX)).toBe(50n);
  });

  it("takes a relayed payment as one of tx-sender, and no more than it says", () => {
    givenInvoice();
    const changes = balanceChanges(STX, () => expectOk(relayedPayment(100n)));
    expect(changes).toEqual({ [PAYER]: -100n, [MERCHANT]: 100n });
    expect(getLedger(1n, PAYER)).toMatchObject({ paid: 100n });
    expectRefused(Err.NOT_PAYABLE, () => relayedPayment(100n));
  });
});

describe("pay-ft", () => {
  it("rejects an STX invoice, and another token", () => {
    const other = hostileToken("token-moves-nothing");
    mint(other, PAYER, 1000n);
    givenInvoice({ asset: STX });
    expectRefused(Err.TOKEN_MISMATCH, () => pay({ invoiceId: 1n, asset: SBTC }));
    givenInvoice({ asset: SBTC });
    expectRefused(Err.TOKEN_MISMATCH, () => pay({ invoiceId: 2n, asset: other }));
  });

  it("lets a contract be payer", () => {
    expectOk(send(SBTC.token!, "mint", [Cl.uint(30), Cl.principal(SMART_WALLET)], STRANGER));
    givenInvoice({ asset: SBTC, amount: 20n });
    expectOk(send(SMART_WALLET, "pay-sbtc", [Cl.uint(1), Cl.principal(MERCHANT), Cl.uint(20)], STRANGER));
    expect(balanceOf(SMART_WALLET, SBTC)).toBe(10n);
    expect(balanceOf(MERCHANT, SBTC)).toBe(TOKEN_FUNDS + 20n);
  });
});

describe("an instalment that is too small and too late", () => {
  it("is told that it is too small", () => {
    const invoiceId = givenInvoice({ minPayment: 10n, refundWindow: 1008n, expiresIn: 5000n });
    expectOk(pay({ invoiceId, amount: 10n }));
    mineTo((getDeadline(invoiceId, PAYER) as bigint) - 143n);
    expectRefused(Err.BELOW_MIN_PAYMENT, () => pay({ invoiceId, amount: 9n }));
    expectRefused(Err.INSTALMENT_TOO_LATE, () => pay({ invoiceId, amount: 10n }));
  });
});
