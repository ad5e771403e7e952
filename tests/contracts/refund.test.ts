import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  CORE, Err, MERCHANT, OPERATOR, OTHER_MERCHANT, OTHER_PAYER, type Outcome, PAYER, RELAY, SBTC, SMART_WALLET, STRANGER, STX,
  Status, U128_MAX, balanceChanges, balanceOf, burnHeight, cancelInvoice, coreEvent, expectOk, expectRefused,
  extendRefundWindow, getDeadline, getInvoice, getLedger, getRefund, getRefundable, givenInvoice, givenInvoicePaidByTwo,
  givenPaidInvoice, mineTo, pay, read, refund, send, setOperator, transferOf,
} from "./helpers.ts";

describe.each([STX, SBTC])("refunding in $name", (asset) => {
  it("moves part of a payment back, prints it and records it", () => {
    const invoiceId = givenPaidInvoice({ asset });
    const paidAt = burnHeight();
    mineTo(paidAt + 5n);
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = refund({ invoiceId, asset, amount: 40n, reference: "refund-1", reason: "Zerbrochen \u{1F622}" });
    });
    expect(changes).toEqual({ [MERCHANT]: -40n, [PAYER]: 40n });
    expect(outcome?.result).toEqual({ ok: 1n });
    expect(outcome?.events).toEqual([
      {
        contract: CORE,
        print: {
          event: "refund-processed",
          "burn-height": paidAt + 5n,
          "refund-id": 1n,
          "invoice-id": invoiceId,
          merchant: MERCHANT,
          issuer: MERCHANT,
          payer: PAYER,
          token: asset.token,
          amount: 40n,
          reason: "Zerbrochen \u{1F622}",
          reference: "refund-1",
          "payer-paid": 100n,
          "payer-refunded": 40n,
          deadline: paidAt + 4320n,
          "amount-paid": 100n,
          "amount-refunded": 40n,
          status: Status.PAID,
          "refund-window": 4320n,
          "first-payment-at": paidAt,
          "expires-at": getInvoice(invoiceId)["expires-at"],
        },
      },
      transferOf(asset, MERCHANT, PAYER, 40n),
    ]);
    expect(getRefund(1n)).toEqual({
      "invoice-id": invoiceId,
      payer: PAYER,
      amount: 40n,
      issuer: MERCHANT,
      reason: "Zerbrochen \u{1F622}",
      reference: "refund-1",
      "burn-height": paidAt + 5n,
      previous: null,
    });
    expect(getLedger(invoiceId, PAYER)).toEqual({ paid: 100n, refunded: 40n, "first-paid-at": paidAt });
    expect(getInvoice(invoiceId)).toMatchObject({ "amount-refunded": 40n, status: Status.PAID, "last-refund-id": 1n });
    expect(read("get-refund-by-reference", Cl.principal(MERCHANT), Cl.stringAscii("refund-1"))).toBe(1n);
  });

  it("moves the rest back, links the refunds and ends the invoice", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectOk(refund({ invoiceId, asset, amount: 40n }));
    const outcome = refund({ invoiceId, asset, amount: 60n, expectedRefunded: 40n });
    expect(outcome.result).toEqual({ ok: 2n });
    expect(coreEvent(outcome)).toMatchObject({
      "payer-refunded": 100n,
      "amount-refunded": 100n,
      status: Status.REFUNDED,
      reason: null,
      reference: null,
    });
    expect(getRefund(2n)).toMatchObject({ amount: 60n, previous: 1n });
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.REFUNDED, "last-refund-id": 2n });
    expectRefused(Err.FULLY_REFUNDED, () => refund({ invoiceId, asset, amount: 1n, expectedRefunded: 100n }));
  });

  it("numbers refunds densely from 1 across invoices and refusals", () => {
    const first = givenPaidInvoice({ asset });
    const second = givenPaidInvoice({ asset });
    expect(refund({ invoiceId: second, asset, amount: 1n }).result).toEqual({ ok: 1n });
    expect(refund({ invoiceId: second, asset, amount: 1000n, expectedRefunded: 1n }).result).toEqual({ err: 1024n });
    expect(refund({ invoiceId: first, asset, amount: 1n }).result).toEqual({ ok: 2n });
    expect(getRefund(2n)).toMatchObject({ "invoice-id": first, previous: null });
    expect(read("get-last-ids")).toEqual({ "invoice-id": 2n, "refund-id": 2n });
  });

  it("gives each payer its own money back, and not more", () => {
    const invoiceId = givenInvoicePaidByTwo({ asset });
    expectRefused(Err.MORE_THAN_REFUNDABLE, () => refund({ invoiceId, asset, payer: OTHER_PAYER, amount: 41n }));
    expectOk(refund({ invoiceId, asset, payer: OTHER_PAYER, amount: 40n }));
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.PAID, "amount-refunded": 40n });
    expectRefused(Err.FULLY_REFUNDED, () =>
      refund({ invoiceId, asset, payer: OTHER_PAYER, amount: 1n, expectedRefunded: 40n }),
    );
    expect(getRefundable(invoiceId, PAYER)).toEqual({ amount: 60n, reason: null });
    const changes = balanceChanges(asset, () => expectOk(refund({ invoiceId, asset, amount: 60n })));
    expect(changes).toEqual({ [MERCHANT]: -60n, [PAYER]: 60n });
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.REFUNDED });
  });

  it("passes in the last block of the window, and not in the next", () => {
    const early = givenPaidInvoice({ asset, refundWindow: 144n });
    const paidAt = burnHeight();
    mineTo(paidAt + 143n);
    expectOk(refund({ invoiceId: early, asset, amount: 1n }));
    mineTo(paidAt + 144n);
    expectRefused(Err.WINDOW_EXPIRED, () => refund({ invoiceId: early, asset, amount: 1n, expectedRefunded: 1n }));
  });

  it("counts each payer's window from its own first payment", () => {
    const invoiceId = givenInvoice({ asset, minPayment: 10n, refundWindow: 1008n, expiresIn: 52560n });
    const start = burnHeight();
    expectOk(pay({ invoiceId, asset, amount: 60n }, PAYER));
    mineTo(start + 500n);
    expectOk(pay({ invoiceId, asset, amount: 40n }, OTHER_PAYER));
    expect(getDeadline(invoiceId, OTHER_PAYER)).toBe(start + 1508n);
    mineTo(start + 1008n);
    expectRefused(Err.WINDOW_EXPIRED, () => refund({ invoiceId, asset, amount: 60n }));
    mineTo(start + 1507n);
    expectOk(refund({ invoiceId, asset, payer: OTHER_PAYER, amount: 39n }));
    mineTo(start + 1508n);
    expectRefused(Err.WINDOW_EXPIRED, () =>
      refund({ invoiceId, asset, payer: OTHER_PAYER, amount: 1n, expectedRefunded: 39n }),
    );
  });

  it("says that a fully refunded payer's window is over once it is", () => {
    const invoiceId = givenPaidInvoice({ asset, refundWindow: 144n });
    expectOk(refund({ invoiceId, asset }));
    mineTo(burnHeight() + 144n);
    expectRefused(Err.WINDOW_EXPIRED, () => refund({ invoiceId, asset, amount: 1n, expectedRefunded: 100n }));
  });

  it("refunds what was paid of an expired invoice and of a cancelled one", () => {
    const expired = givenInvoice({ asset, minPayment: 10n, expiresIn: 10n });
    const cancelled = givenInvoice({ asset, minPayment: 10n });
    for (const invoiceId of [expired, cancelled]) expectOk(pay({ invoiceId, asset, amount: 30n }));
    mineTo(burnHeight() + 20n);
    expectOk(cancelInvoice(cancelled));
    expect(getInvoice(expired)).toMatchObject({ status: Status.EXPIRED });

    expect(coreEvent(refund({ invoiceId: expired, asset, amount: 10n }))).toMatchObject({ status: Status.PARTIALLY_PAID });
    expect(coreEvent(refund({ invoiceId: cancelled, asset, amount: 10n }))).toMatchObject({ status: Status.CANCELLED });
    for (const invoiceId of [expired, cancelled]) {
      expectOk(refund({ invoiceId, asset, amount: 20n, expectedRefunded: 10n }));
      expect(getInvoice(invoiceId)).toMatchObject({ status: Status.REFUNDED });
    }
  });

  it("rejects an unknown invoice, before all else", () => {
    for (const invoiceId of [0n, 1n, U128_MAX]) {
      expectRefused(Err.INVOICE_NOT_FOUND, () => refund({ invoiceId, asset, reference: "" }, STRANGER));
    }
  });

  it("rejects everybody but the merchant and its refund operators", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectOk(setOperator(OPERATOR, false, true));
    expectOk(setOperator(OPERATOR, true, true, OTHER_MERCHANT));
    for (const sender of [PAYER, OPERATOR, OTHER_MERCHANT, STRANGER]) {
      expectRefused(Err.NOT_AUTHORISED, () => refund({ invoiceId, asset }, sender));
    }
  });

  it("rejects a relayed call, even the merchant's own", () => {
    givenPaidInvoice({ asset });
    const call = [Cl.uint(1), Cl.principal(PAYER), Cl.uint(100)];
    expectRefused(Err.NOT_AUTHORISED, () =>
      asset.token === null
        ? send(RELAY, "refund-stx", call, MERCHANT)
        : send(RELAY, "refund-ft", [...call, Cl.principal(asset.token)], MERCHANT),
    );
  });

  it("rejects a token other than the invoice's", () => {
    const [own, other] = asset === STX ? [STX, SBTC] : [SBTC, STX];
    const invoiceId = givenPaidInvoice({ asset: own });
    expectRefused(Err.TOKEN_MISMATCH, () => refund({ invoiceId, asset: other }));
  });

  it("rejects a principal that paid nothing", () => {
    const paid = givenPaidInvoice({ asset });
    const unpaid = givenInvoice({ asset });
    for (const payer of [OTHER_PAYER, MERCHANT, SMART_WALLET]) {
      expectRefused(Err.NOTHING_PAID, () => refund({ invoiceId: paid, asset, payer }));
    }
    expectRefused(Err.NOTHING_PAID, () => refund({ invoiceId: unpaid, asset }));
  });

  it("rejects an amount of zero, and more than is left", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectRefused(Err.INVALID_AMOUNT, () => refund({ invoiceId, asset, amount: 0n }));
    for (const amount of [101n, U128_MAX]) {
      expectRefused(Err.MORE_THAN_REFUNDABLE, () => refund({ invoiceId, asset, amount }));
    }
    expectOk(refund({ invoiceId, asset, amount: 99n }));
    expectRefused(Err.MORE_THAN_REFUNDABLE, () => refund({ invoiceId, asset, amount: 2n, expectedRefunded: 99n }));
    expectOk(refund({ invoiceId, asset, amount: 1n, expectedRefunded: 99n }));
  });

  it("rejects the second of two clerks who both refund 40 of 100", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectOk(refund({ invoiceId, asset, amount: 40n, expectedRefunded: 0n }));
    expectRefused(Err.LEDGER_CHANGED, () => refund({ invoiceId, asset, amount: 40n, expectedRefunded: 0n }));
    for (const expectedRefunded of [39n, 41n, U128_MAX]) {
      expectRefused(Err.LEDGER_CHANGED, () => refund({ invoiceId, asset, amount: 40n, expectedRefunded }));
    }
  });

  it("rejects an issuer that holds too little", () => {
    const invoiceId = givenPaidInvoice({ asset });
    const all = balanceOf(MERCHANT, asset);
    const spent = givenInvoice({ asset, amount: all - 99n }, OTHER_MERCHANT);
    expectOk(pay({ invoiceId: spent, merchant: OTHER_MERCHANT, asset, amount: all - 99n }, MERCHANT));
    expect(balanceOf(MERCHANT, asset)).toBe(99n);
    expectRefused(Err.INSUFFICIENT_BALANCE, () => refund({ invoiceId, asset }));
    expectOk(refund({ invoiceId, asset, amount: 99n }));
  });

  it("keeps a longer window for what was paid before it was extended", () => {
    const invoiceId = givenPaidInvoice({ asset, refundWindow: 144n });
    const paidAt = burnHeight();
    expectOk(extendRefundWindow(invoiceId, 300n));
    mineTo(paidAt + 299n);
    expect(coreEvent(refund({ invoiceId, asset, amount: 1n }))).toMatchObject({ deadline: paidAt + 300n });
  });
});

describe.each([STX, SBTC])("an operator's refund in $name", (asset) => {
  it("is paid by the operator and names it as issuer", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectOk(setOperator(OPERATOR, true, false));
    const changes = balanceChanges(asset, () => {
      const outcome = refund({ invoiceId, asset, amount: 30n }, OPERATOR);
      expect(coreEvent(outcome)).toMatchObject({ issuer: OPERATOR, merchant: MERCHANT, payer: PAYER });
    });
    expect(changes).toEqual({ [OPERATOR]: -30n, [PAYER]: 30n });
    expect(getRefund(1n)).toMatchObject({ issuer: OPERATOR });
  });

  it("is bounded by the payer's ledger as the merchant's is", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectOk(setOperator(OPERATOR, true, false));
    expectOk(refund({ invoiceId, asset, amount: 60n }, MERCHANT));
    expectRefused(Err.MORE_THAN_REFUNDABLE, () =>
      refund({ invoiceId, asset, amount: 41n, expectedRefunded: 60n }, OPERATOR),
    );
  });

  it("is rejected once the operator is revoked", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectOk(setOperator(OPERATOR, true, false));
    expectOk(setOperator(OPERATOR, false, false));
    expectRefused(Err.NOT_AUTHORISED, () => refund({ invoiceId, asset }, OPERATOR));
  });

  it("is rejected when the operator would refund itself", () => {
    const invoiceId = givenPaidInvoice({ asset }, OPERATOR);
    expectOk(setOperator(OPERATOR, true, false));
    expectRefused(Err.PAYER_NOT_ALLOWED, () => refund({ invoiceId, asset, payer: OPERATOR }, OPERATOR));
    expectOk(refund({ invoiceId, asset, payer: OPERATOR }, MERCHANT));
  });
});

describe("a refund's reference", () => {
  it("is used once by each merchant, whoever issues the refund", () => {
    const invoiceId = givenPaidInvoice();
    const other = givenPaidInvoice({ asset: SBTC });
    expectOk(setOperator(OPERATOR, true, false));
    expectOk(refund({ invoiceId, amount: 10n, reference: "refund-1" }));
    expectRefused(Err.REFERENCE_USED, () => refund({ invoiceId: other, asset: SBTC, reference: "refund-1" }));
    expectRefused(Err.REFERENCE_USED, () =>
      refund({ invoiceId, amount: 10n, expectedRefunded: 10n, reference: "refund-1" }, OPERATOR),
    );
    expectOk(refund({ invoiceId, amount: 10n, expectedRefunded: 10n, reference: "Refund-1" }));

    const foreign = givenInvoice({}, OTHER_MERCHANT);
    expectOk(pay({ invoiceId: foreign, merchant: OTHER_MERCHANT }));
    expectOk(refund({ invoiceId: foreign, reference: "refund-1" }, OTHER_MERCHANT));
  });

  it("makes a retry answer that it is used for ever, whatever has happened since", () => {
    const invoiceId = givenPaidInvoice({ refundWindow: 144n });
    const retry = () => refund({ invoiceId, amount: 100n, reference: "refund-1" });
    expectOk(retry());
    expectRefused(Err.REFERENCE_USED, retry);
    mineTo(burnHeight() + 200n);
    expectRefused(Err.REFERENCE_USED, retry);
    expectRefused(Err.REFERENCE_USED, () => refund({ invoiceId, asset: SBTC, amount: 0n, reference: "refund-1" }));
  });

  it("is not used up by a refund that failed, and is apart from invoices' references", () => {
    const invoiceId = givenPaidInvoice({ reference: "same" });
    expect(refund({ invoiceId, amount: 101n, reference: "same" }).result).toEqual({ err: 1024n });
    expectOk(refund({ invoiceId, amount: 100n, reference: "same" }));
  });

  it("is never empty", () => {
    const invoiceId = givenPaidInvoice();
    expectRefused(Err.REFERENCE_EMPTY, () => refund({ invoiceId, reference: "" }));
  });

  it("may be 64 characters long, and a reason 256", () => {
    const invoiceId = givenPaidInvoice();
    const texts = { reference: "~".repeat(64), reason: "\u{1F98A}".repeat(256) };
    expectOk(refund({ invoiceId, ...texts }));
    expect(getRefund(1n)).toMatchObject(texts);
  });
});

describe("the order of a refund's checks", () => {
  it("names the first thing that is wrong, as the issuer mends one after the other", () => {
    const invoiceId = givenInvoicePaidByTwo({ asset: STX, refundWindow: 1008n });
    const spare = givenPaidInvoice({ refundWindow: 1008n });
    expectOk(refund({ invoiceId: spare, amount: 1n, reference: "used" }));
    expectOk(refund({ invoiceId, payer: OTHER_PAYER, amount: 40n }));
    const nothingRight = { payer: STRANGER, asset: SBTC, amount: 0n, expectedRefunded: 7n, reference: "used" };

    expectRefused(Err.INVOICE_NOT_FOUND, () => refund({ ...nothingRight, invoiceId: 99n }, STRANGER));
    expectRefused(Err.NOT_AUTHORISED, () => refund({ ...nothingRight, invoiceId }, STRANGER));
    expectRefused(Err.REFERENCE_USED, () => refund({ ...nothingRight, invoiceId }));
    const fresh = { ...nothingRight, invoiceId, reference: "fresh" };
    expectRefused(Err.TOKEN_MISMATCH, () => refund(fresh));
    expectRefused(Err.NOTHING_PAID, () => refund({ ...fresh, asset: STX }));
    expectRefused(Err.FULLY_REFUNDED, () => refund({ ...fresh, asset: STX, payer: OTHER_PAYER }));
    const payer = { ...fresh, asset: STX, payer: PAYER };
    expectRefused(Err.INVALID_AMOUNT, () => refund(payer));
    expectRefused(Err.LEDGER_CHANGED, () => refund({ ...payer, amount: 1000n }));
    expectRefused(Err.MORE_THAN_REFUNDABLE, () => refund({ ...payer, amount: 1000n, expectedRefunded: 0n }));
    mineTo(burnHeight() + 1008n);
    expectRefused(Err.WINDOW_EXPIRED, () => refund({ ...fresh, asset: STX, payer: OTHER_PAYER }));
  });
});

describe("a merchant that is a contract", () => {
  it("refunds inside as-contract?", () => {
    const invoiceId = expectOk(send(SMART_WALLET, "create-invoice", [Cl.uint(50)], STRANGER)) as bigint;
    expectOk(pay({ invoiceId, merchant: SMART_WALLET, amount: 50n }));
    const changes = balanceChanges(STX, () => {
      const call = [Cl.uint(invoiceId), Cl.principal(PAYER), Cl.uint(50)];
      expect(coreEvent(send(SMART_WALLET, "refund-stx", call, STRANGER))).toMatchObject({ issuer: SMART_WALLET });
    });
    expect(changes).toEqual({ [SMART_WALLET]: -50n, [PAYER]: 50n });
  });
});
