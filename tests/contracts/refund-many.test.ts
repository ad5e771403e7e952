import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  CORE, Err, MERCHANT, OPERATOR, OTHER_MERCHANT, OTHER_PAYER, type Outcome, PAYER, type Print, RELAY, SBTC, STX, Status,
  STRANGER, balanceChanges, balanceOf, burnHeight, expectOk, expectRefused, getInvoice, getLedger, getRefund, givenInvoice,
  givenInvoicePaidByTwo, givenPaidInvoice, mineTo, pay, read, refund, refundMany, send, setOperator, transferOf,
} from "./helpers.ts";

describe.each([STX, SBTC])("refunding many in $name", (asset) => {
  it("makes one event and one transfer for each refund, in order", () => {
    const shared = givenInvoicePaidByTwo({ asset });
    const whole = givenPaidInvoice({ asset });
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = refundMany(
        [
          { invoiceId: shared, payer: PAYER, amount: 60n, reference: "batch-1", reason: "Cancelled" },
          { invoiceId: shared, payer: OTHER_PAYER, amount: 15n, reference: "batch-2" },
          { invoiceId: whole, payer: PAYER, amount: 100n },
        ],
        asset,
      );
    });
    expect(changes).toEqual({ [MERCHANT]: -175n, [PAYER]: 160n, [OTHER_PAYER]: 15n });
    expect(outcome?.result).toEqual({ ok: 3n });
    const events = outcome?.events ?? [];
    expect(events.filter((event) => "transfer" in event)).toEqual([
      transferOf(asset, MERCHANT, PAYER, 60n),
      transferOf(asset, MERCHANT, OTHER_PAYER, 15n),
      transferOf(asset, MERCHANT, PAYER, 100n),
    ]);
    const prints = events.filter((event): event is Print => "print" in event && event.contract === CORE);
    expect(prints.map(({ print }) => print)).toMatchObject([
      { event: "refund-processed", "refund-id": 1n, "payer-refunded": 60n, "amount-refunded": 60n, reason: "Cancelled" },
      { event: "refund-processed", "refund-id": 2n, "payer-refunded": 15n, "amount-refunded": 75n, reference: "batch-2" },
      { event: "refund-processed", "refund-id": 3n, "invoice-id": whole, status: Status.REFUNDED },
    ]);
    expect(events).toHaveLength(6);
    expect(getRefund(2n)).toMatchObject({ previous: 1n, payer: OTHER_PAYER });
    expect(getInvoice(shared)).toMatchObject({ "last-refund-id": 2n, "amount-refunded": 75n });
    expect(getLedger(shared, PAYER)).toMatchObject({ refunded: 60n });
  });

  it("refunds one payer twice in one batch when each says what went before", () => {
    const invoiceId = givenPaidInvoice({ asset });
    const outcome = refundMany(
      [
        { invoiceId, amount: 40n, expectedRefunded: 0n },
        { invoiceId, amount: 60n, expectedRefunded: 40n },
      ],
      asset,
    );
    expect(outcome.result).toEqual({ ok: 2n });
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.REFUNDED, "amount-refunded": 100n });
    expect(getRefund(2n)).toMatchObject({ previous: 1n });
  });

  it("takes 200 refunds", () => {
    const refunds = Array.from({ length: 200 }, () => ({ invoiceId: givenPaidInvoice({ asset, amount: 1n }), amount: 1n }));
    const changes = balanceChanges(asset, () => expect(refundMany(refunds, asset).result).toEqual({ ok: 200n }));
    expect(changes).toEqual({ [MERCHANT]: -200n, [PAYER]: 200n });
    expect(read("get-last-ids")).toEqual({ "invoice-id": 200n, "refund-id": 200n });
  });

  it("takes the operator's funds for invoices of several merchants", () => {
    const own = givenPaidInvoice({ asset });
    const foreign = givenInvoice({ asset }, OTHER_MERCHANT);
    expectOk(pay({ invoiceId: foreign, merchant: OTHER_MERCHANT, asset }));
    const refunds = [{ invoiceId: own, amount: 10n }, { invoiceId: foreign, amount: 20n }];
    expectOk(setOperator(OPERATOR, true, false, MERCHANT));
    expectRefused(Err.NOT_AUTHORISED, () => refundMany(refunds, asset, OPERATOR));
    expectOk(setOperator(OPERATOR, true, false, OTHER_MERCHANT));
    const changes = balanceChanges(asset, () => expectOk(refundMany(refunds, asset, OPERATOR)));
    expect(changes).toEqual({ [OPERATOR]: -30n, [PAYER]: 30n });
  });

  it("rejects an empty batch", () => {
    expectRefused(Err.EMPTY_BATCH, () => refundMany([], asset));
  });

  it("undoes all when the first, the middle or the last refund is refused", () => {
    const ids = [givenPaidInvoice({ asset }), givenPaidInvoice({ asset }), givenPaidInvoice({ asset })];
    for (const bad of [0, 1, 2]) {
      expectRefused(Err.MORE_THAN_REFUNDABLE, () =>
        refundMany(
          ids.map((invoiceId, index) => ({ invoiceId, amount: index === bad ? 101n : 1n, reference: `batch-${index}` })),
          asset,
        ),
      );
    }
  });

  it("answers the code of the first refund that is refused", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectRefused(Err.INVALID_AMOUNT, () =>
      refundMany([{ invoiceId, amount: 1n }, { invoiceId, amount: 0n, expectedRefunded: 1n }, { invoiceId: 99n }], asset),
    );
  });

  it("rejects the same refund twice, by ledger and by reference", () => {
    const invoiceId = givenPaidInvoice({ asset });
    const once = { invoiceId, amount: 10n };
    expectRefused(Err.LEDGER_CHANGED, () => refundMany([once, once], asset));
    const named = { ...once, reference: "refund-1" };
    expectRefused(Err.REFERENCE_USED, () => refundMany([named, { ...named, expectedRefunded: 10n }], asset));
  });

  it("rejects a batch that the issuer cannot pay as a whole", () => {
    const first = givenPaidInvoice({ asset });
    const second = givenPaidInvoice({ asset });
    const keep = 150n;
    const amount = balanceOf(MERCHANT, asset) - keep;
    const spent = givenInvoice({ asset, amount }, OTHER_MERCHANT);
    expectOk(pay({ invoiceId: spent, merchant: OTHER_MERCHANT, asset, amount }, MERCHANT));
    expectRefused(Err.INSUFFICIENT_BALANCE, () => refundMany([{ invoiceId: first }, { invoiceId: second }], asset));
  });

  it("rejects an invoice in another token", () => {
    const own = givenPaidInvoice({ asset });
    const other = givenPaidInvoice({ asset: asset === STX ? SBTC : STX });
    expectRefused(Err.TOKEN_MISMATCH, () => refundMany([{ invoiceId: own }, { invoiceId: other }], asset));
  });

  it("rejects a stranger, and a relayed call", () => {
    const invoiceId = givenPaidInvoice({ asset });
    expectRefused(Err.NOT_AUTHORISED, () => refundMany([{ invoiceId }], asset, STRANGER));
    const call = [Cl.uint(invoiceId), Cl.principal(PAYER), Cl.uint(100)];
    expectRefused(Err.NOT_AUTHORISED, () =>
      asset.token === null
        ? send(RELAY, "refund-many-stx", call, MERCHANT)
        : send(RELAY, "refund-many-ft", [...call, Cl.principal(asset.token)], MERCHANT),
    );
  });

  it("rejects a batch with one refund past its window", () => {
    const old = givenPaidInvoice({ asset, refundWindow: 144n });
    mineTo(burnHeight() + 144n);
    const recent = givenPaidInvoice({ asset, refundWindow: 144n });
    expectRefused(Err.WINDOW_EXPIRED, () => refundMany([{ invoiceId: recent }, { invoiceId: old }], asset));
    expectOk(refund({ invoiceId: recent, asset }));
  });
});
