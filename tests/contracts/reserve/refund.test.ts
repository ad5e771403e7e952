import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  Err, MERCHANT, OTHER_MERCHANT, OTHER_PAYER, type Outcome, PAYER, SBTC, STRANGER, STX, Status, U128_MAX, balanceChanges,
  coreEvent, expectOk, getDeadline, getInvoice, getLedger, getRefund, givenInvoice, givenPaidInvoice, mineTo, pay,
  refund, send, setOperator, transferOf,
} from "../helpers.ts";
import { Mood } from "../models/state.ts";
import { deployMoodyToken, deployRelay, deployThief, mintTo } from "./contracts.ts";
import {
  DELEGATE, RESERVE, ReserveErr, deposit, expectRefused, getCoverage, getDelegate, givenReserve, refundFromReserve, setDelegate,
  withdraw,
} from "./helpers.ts";

describe.each([STX, SBTC])("a delegate's refund in $name", (asset) => {
  it("goes from the reserve to the payer, is recoup-core's refund, and charges reserve and budget", () => {
    givenReserve(asset);
    mineTo(60n);
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = refundFromReserve({ asset, reference: "refund-1", reason: "broken" });
    });
    expect(changes).toEqual({ [RESERVE]: -40n, [PAYER]: 40n });
    expect(outcome?.result).toEqual({ ok: 1n });
    const [reserved, processed, moved] = outcome?.events ?? [];
    expect(reserved).toEqual({
      contract: RESERVE,
      print: {
        event: "reserve-refunded",
        "burn-height": 60n,
        "refund-id": 1n,
        "invoice-id": 1n,
        merchant: MERCHANT,
        delegate: DELEGATE,
        token: asset.token,
        payer: PAYER,
        amount: 40n,
        balance: 460n,
        ...getDelegate(asset),
      },
    });
    expect(processed).toMatchObject({
      print: { event: "refund-processed", "refund-id": 1n, merchant: MERCHANT, issuer: RESERVE, payer: PAYER, amount: 40n },
    });
    expect(moved).toEqual(transferOf(asset, RESERVE, PAYER, 40n));
    expect(outcome?.events).toHaveLength(3);
    expect(getCoverage(asset)).toBe(460n);
    expect(getDelegate(asset)).toMatchObject({ spent: 40n });
    expect(getLedger(1n, PAYER)).toMatchObject({ paid: 100n, refunded: 40n });
    expect(getRefund(1n)).toMatchObject({ issuer: RESERVE, reference: "refund-1", reason: "broken" });
  });

  it("names in its event the refund that recoup-core issues, also when others refund between", () => {
    givenReserve(asset);
    expectOk(refund({ asset, amount: 10n }));
    const outcome = refundFromReserve({ asset, expectedRefunded: 10n });
    expect(outcome.result).toEqual({ ok: 2n });
    expect(outcome.events[0]).toMatchObject({ print: { "refund-id": 2n } });
  });

  it("stays below the limit for one refund", () => {
    givenReserve(asset);
    for (const amount of [51n, 100n, U128_MAX]) {
      expectRefused(ReserveErr.ABOVE_LIMIT, () => refundFromReserve({ asset, amount }));
    }
    expectOk(refundFromReserve({ asset, amount: 50n }));
  });

  it("stays within the budget of a period; the next begins when it is over", () => {
    givenReserve(asset);
    const start = getDelegate(asset)!["period-start"] as bigint;
    expectOk(refundFromReserve({ asset, amount: 50n }));
    expectRefused(ReserveErr.BUDGET_SPENT, () => refundFromReserve({ asset, amount: 31n, expectedRefunded: 50n }));
    expectOk(refundFromReserve({ asset, amount: 30n, expectedRefunded: 50n }));
    mineTo(start + 99n);
    expectRefused(ReserveErr.BUDGET_SPENT, () => refundFromReserve({ asset, amount: 1n, expectedRefunded: 80n }));
    mineTo(start + 100n);
    expectOk(refundFromReserve({ asset, amount: 20n, expectedRefunded: 80n }));
    expect(getDelegate(asset)).toMatchObject({ spent: 20n, "period-start": start + 100n });
    expect(getInvoice(1n)).toMatchObject({ status: Status.REFUNDED });
  });

  it("passes in the last block of the delegation, and not in the next", () => {
    givenReserve(asset);
    const expiresAt = getDelegate(asset)!["expires-at"] as bigint;
    mineTo(expiresAt - 1n);
    expectOk(refundFromReserve({ asset }));
    mineTo(expiresAt);
    expectRefused(ReserveErr.DELEGATION_EXPIRED, () => refundFromReserve({ asset, expectedRefunded: 40n }));
  });

  it("never takes more than the merchant has in reserve, whatever others have", () => {
    givenReserve(asset);
    expectOk(deposit(500n, asset, OTHER_PAYER));
    expectOk(withdraw(461n, asset));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => refundFromReserve({ asset, amount: 40n }));
    expectOk(refundFromReserve({ asset, amount: 39n }));
    expect(getCoverage(asset)).toBe(0n);
    expect(getCoverage(asset, OTHER_PAYER)).toBe(500n);
  });

  it("is for delegates alone, also not for the merchant or its operators", () => {
    givenReserve(asset);
    expectOk(setOperator(STRANGER, true, true));
    for (const sender of [MERCHANT, STRANGER, PAYER]) {
      expectRefused(ReserveErr.NOT_DELEGATE, () => refundFromReserve({ asset }, sender));
    }
  });

  it("is for invoices of that merchant alone", () => {
    givenReserve(asset);
    const invoiceId = givenInvoice({ asset }, OTHER_MERCHANT);
    expectOk(pay({ invoiceId, merchant: OTHER_MERCHANT, asset }));
    expectRefused(ReserveErr.NOT_DELEGATE, () => refundFromReserve({ invoiceId, asset }));
    expectRefused(Err.INVOICE_NOT_FOUND, () => refundFromReserve({ invoiceId: 99n, asset }));
  });

  it("rejects a delegate that would refund itself", () => {
    givenReserve(asset);
    const invoiceId = givenPaidInvoice({ asset }, DELEGATE);
    expectRefused(ReserveErr.DELEGATE_IS_PAYER, () => refundFromReserve({ invoiceId, asset, payer: DELEGATE }));
  });

  it("rejects zero, and another token than the invoice's", () => {
    givenReserve(asset);
    const other = asset === STX ? SBTC : STX;
    expectOk(deposit(500n, other));
    expectOk(setDelegate({ asset: other }));
    expectRefused(ReserveErr.INVALID_AMOUNT, () => refundFromReserve({ asset, amount: 0n }));
    expectRefused(ReserveErr.TOKEN_MISMATCH, () => refundFromReserve({ asset: other }));
  });

  it("answers that the reference is used for ever, whatever became of reserve, budget and delegation", () => {
    givenReserve(asset);
    const again = () => refundFromReserve({ asset, amount: 50n, reference: "refund-1" });
    expectOk(again());
    expectRefused(Err.REFERENCE_USED, again);
    expectOk(withdraw(450n, asset));
    expectRefused(Err.REFERENCE_USED, again);
    mineTo(getDeadline(1n, PAYER) as bigint);
    expectRefused(Err.REFERENCE_USED, again);
  });

  it("passes on what recoup-core refuses, and undoes the charge", () => {
    givenReserve(asset, { perRefund: 500n, perPeriod: 500n, expiresIn: 50_000n });
    const refusals: [number, () => Outcome][] = [
      [Err.NOTHING_PAID, () => refundFromReserve({ asset, payer: OTHER_PAYER })],
      [Err.REFERENCE_EMPTY, () => refundFromReserve({ asset, reference: "" })],
      [Err.LEDGER_CHANGED, () => refundFromReserve({ asset, expectedRefunded: 1n })],
      [Err.MORE_THAN_REFUNDABLE, () => refundFromReserve({ asset, amount: 101n })],
    ];
    for (const [code, call] of refusals) expectRefused(code, call);
    const deadline = getDeadline(1n, PAYER) as bigint;
    mineTo(deadline - 1n);
    expectOk(refundFromReserve({ asset, amount: 99n }));
    mineTo(deadline);
    expectRefused(Err.WINDOW_EXPIRED, () => refundFromReserve({ asset, amount: 1n, expectedRefunded: 99n }));
  });

  it("rejects when nothing is left, and when the merchant did not appoint the contract", () => {
    givenReserve(asset);
    expectOk(setOperator(RESERVE, false, true));
    expectRefused(Err.NOT_AUTHORISED, () => refundFromReserve({ asset }));
    expectOk(refund({ asset, amount: 100n }));
    expectRefused(Err.FULLY_REFUNDED, () => refundFromReserve({ asset, expectedRefunded: 100n }));
  });
});

describe("a delegate's refund", () => {
  it("rejects a relayed call", () => {
    givenReserve();
    const relay = deployRelay();
    expectRefused(ReserveErr.NOT_AUTHORISED, () =>
      send(relay, "refund-stx", [Cl.uint(1), Cl.principal(PAYER), Cl.uint(1)], DELEGATE),
    );
  });

  it("takes a budget of any size", () => {
    givenReserve(STX, { perRefund: U128_MAX, perPeriod: U128_MAX });
    expectOk(refundFromReserve({ amount: 60n }));
    expectRefused(ReserveErr.BUDGET_SPENT, () => refundFromReserve({ amount: U128_MAX, expectedRefunded: 60n }));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => refundFromReserve({ amount: U128_MAX - 60n, expectedRefunded: 60n }));
  });

  it("undoes everything when the token refuses, lies by false, or moves what it should not", () => {
    const { asset, become } = deployMoodyToken();
    mintTo(asset, MERCHANT, 1000n);
    mintTo(asset, PAYER, 1000n);
    mintTo(asset, OTHER_PAYER, 1000n);
    givenReserve(asset);
    expectOk(deposit(500n, asset, OTHER_PAYER));
    expectOk(deposit(500n));
    const refusals = [
      [Mood.REFUSES, Err.TRANSFER_FAILED],
      [Mood.ANSWERS_FALSE, Err.TRANSFER_FAILED],
      [Mood.MOVES_MORE, Err.FORBIDDEN_TRANSFER],
      [Mood.TAKES_STX, Err.FORBIDDEN_TRANSFER],
    ] as const;
    for (const [mood, code] of refusals) {
      become(mood);
      expectRefused(code, () => refundFromReserve({ asset }), asset);
    }
    become(Mood.OBEYS);
    expectOk(refundFromReserve({ asset }));
  });

  it("lends the token no authority over anybody's reserve", () => {
    const asset = deployThief();
    mintTo(asset, MERCHANT, 1000n);
    mintTo(asset, PAYER, 1000n);
    givenReserve(asset);
    expectOk(deposit(500n));
    const outcome = refundFromReserve({ asset });
    expectOk(outcome);
    const refused = { err: BigInt(ReserveErr.NOT_AUTHORISED) };
    expect(outcome.events).toContainEqual({
      contract: asset.token,
      print: {
        "deposit-stx": refused,
        "withdraw-stx": refused,
        "set-delegate": refused,
        "revoke-delegate": refused,
        "refund-stx": { err: BigInt(ReserveErr.NOT_DELEGATE) },
      },
    });
    expect(coreEvent(outcome)).toMatchObject({ amount: 40n, issuer: RESERVE });
    send(asset.token!, "be-bold", [], STRANGER);
    expectRefused(Err.FORBIDDEN_TRANSFER, () => refundFromReserve({ asset, amount: 10n, expectedRefunded: 40n }), asset);
    expect(getCoverage()).toBe(500n);
  });
});
