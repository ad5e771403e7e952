/** What people can try who have no part in a payment. The contracts are open to everybody: each story ends with no harm. */
import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  Err, MERCHANT, OTHER_MERCHANT, OTHER_PAYER, PAYER, RELAY, SBTC, STRANGER, STX, Status, balanceChanges, cancelInvoice, createInvoice,
  expectOk, expectRefused, extendRefundWindow, getDeadline, getInvoice, getLedger, getRefundable, givenInvoice, givenPaidInvoice, mineTo,
  pay, read, refund, refundMany, send, setOperator, simnet,
} from "./helpers.ts";
import { ReserveErr, deposit, givenReserve, refundFromReserve, withdraw } from "./reserve/helpers.ts";
import { SubscriptionErr, givenPlan, paySubscription, subscribe } from "./subscriptions/helpers.ts";

describe("a stranger who watches the mempool", () => {
  it("outbids an invoice with a copy of it and takes the id that the payer expects: the payer's call fails, and nothing moves", () => {
    // The merchant told the payer "invoice 1, 100, from me", and its transaction waited a block too long.
    const copied = givenInvoice({ amount: 100n, memo: "order 7" }, STRANGER);
    const genuine = givenInvoice({ amount: 100n, memo: "order 7" });
    expect([copied, genuine]).toEqual([1n, 2n]);
    expectRefused(Err.MERCHANT_MISMATCH, () => pay({ invoiceId: copied, merchant: MERCHANT }));
    expectOk(pay({ invoiceId: genuine, merchant: MERCHANT }));
    expect(getInvoice(copied)).toMatchObject({ status: Status.OPEN, "amount-paid": 0n });
  });

  it("outbids a plan likewise: the subscriber's call fails", () => {
    const copied = givenPlan();
    expectRefused(SubscriptionErr.TERMS_DIFFER, () => subscribe({ id: copied, merchant: OTHER_MERCHANT }));
  });

  it("repeats a merchant's refund: without authority it is refused, and after it the reference stays the merchant's", () => {
    givenPaidInvoice();
    expectRefused(Err.NOT_AUTHORISED, () => refund({ amount: 40n, reference: "refund-1" }, STRANGER));
    expectOk(refund({ amount: 40n, reference: "refund-1" }));
    expectRefused(Err.NOT_AUTHORISED, () => refund({ amount: 40n, expectedRefunded: 40n, reference: "refund-1" }, STRANGER));
  });
});

describe("a stranger who squats", () => {
  it("on a merchant's references uses up only its own", () => {
    for (const reference of ["order-1", "refund-1"]) givenInvoice({ reference }, STRANGER);
    const squatted = givenInvoice({}, STRANGER);
    expectOk(pay({ invoiceId: squatted, merchant: STRANGER }));
    expectOk(refund({ invoiceId: squatted, reference: "refund-1" }, STRANGER));
    const invoiceId = givenInvoice({ reference: "order-1" });
    expectOk(pay({ invoiceId }));
    expectOk(refund({ invoiceId, reference: "refund-1" }));
    expect(read("get-invoice-by-reference", Cl.principal(MERCHANT), Cl.stringAscii("order-1"))).toBe(invoiceId);
    expect(read("get-invoice-by-reference", Cl.principal(STRANGER), Cl.stringAscii("order-1"))).not.toBe(invoiceId);
  });

  it("on ids takes numbers, and nothing else: references lead to the merchant's own", () => {
    for (let count = 0; count < 20; count += 1) expectOk(createInvoice({}, STRANGER));
    const invoiceId = givenInvoice({ reference: "order-1" });
    expect(invoiceId).toBe(21n);
    expect(read("get-invoice-by-reference", Cl.principal(MERCHANT), Cl.stringAscii("order-1"))).toBe(21n);
  });

  it("on operators appoints them for itself only", () => {
    expectOk(setOperator(STRANGER, true, true, STRANGER));
    givenPaidInvoice();
    expectRefused(Err.NOT_AUTHORISED, () => refund({}, STRANGER));
  });
});

describe.each([STX, SBTC])("strangers who pay dust in $name", (asset) => {
  it("one unit each, change nothing of the others' deadlines, shares or refunds", () => {
    const invoiceId = givenInvoice({ amount: 1000n, minPayment: 1n, asset });
    expectOk(pay({ invoiceId, amount: 600n, asset }));
    const before = { ledger: getLedger(invoiceId, PAYER), deadline: getDeadline(invoiceId, PAYER) };
    const dusters = [OTHER_PAYER, OTHER_MERCHANT, STRANGER];
    for (const duster of dusters) if (asset === STX || duster === OTHER_PAYER) expectOk(pay({ invoiceId, amount: 1n, asset }, duster));
    expect({ ledger: getLedger(invoiceId, PAYER), deadline: getDeadline(invoiceId, PAYER) }).toEqual(before);
    expect(getRefundable(invoiceId, PAYER)).toEqual({ amount: 600n, reason: null });
    const changes = balanceChanges(asset, () => expectOk(refund({ invoiceId, amount: 600n, asset })));
    expect(changes).toEqual({ [MERCHANT]: -600n, [PAYER]: 600n });
    // Their dust is theirs to be refunded, each within its own deadline.
    expect(getRefundable(invoiceId, OTHER_PAYER)).toEqual({ amount: 1n, reason: null });
  });

  it("first and late, do not start the deadline of who pays after them", () => {
    const invoiceId = givenInvoice({ amount: 1000n, minPayment: 1n, refundWindow: 1008n, expiresIn: 5000n, asset });
    expectOk(pay({ invoiceId, amount: 1n, asset }, OTHER_PAYER));
    const dust = getDeadline(invoiceId, OTHER_PAYER) as bigint;
    mineTo(dust - 1n);
    expectOk(pay({ invoiceId, amount: 999n, asset }));
    expect(getDeadline(invoiceId, PAYER)).toBe(dust - 1n + 1008n);
    mineTo(dust);
    expectRefused(Err.WINDOW_EXPIRED, () => refund({ invoiceId, payer: OTHER_PAYER, amount: 1n, asset }));
    expectOk(refund({ invoiceId, amount: 999n, asset }));
  });

  it("cannot pay an invoice that names its payer, nor finish one so that it cannot be refunded", () => {
    const reserved = givenInvoice({ onlyPayer: PAYER, asset });
    expectRefused(Err.PAYER_NOT_ALLOWED, () => pay({ invoiceId: reserved, asset }, OTHER_PAYER));
    const shared = givenInvoice({ amount: 100n, minPayment: 1n, asset });
    expectOk(pay({ invoiceId: shared, amount: 99n, asset }));
    expectOk(pay({ invoiceId: shared, amount: 1n, asset }, OTHER_PAYER));
    expectOk(refund({ invoiceId: shared, amount: 99n, asset }));
  });
});

describe("many payers of one invoice", () => {
  it("are each listed, and each refunded what they paid, in one batch", () => {
    const payers = [...simnet.getAccounts().values()].filter((address) => address !== MERCHANT).slice(0, 8);
    const invoiceId = givenInvoice({ amount: 1000n, minPayment: 1n });
    payers.forEach((payer, index) => expectOk(pay({ invoiceId, amount: BigInt(index + 1) }, payer)));
    expect(getInvoice(invoiceId)).toMatchObject({ "payer-count": BigInt(payers.length) });
    const listed = payers.map((_, index) => read("get-payer-at", Cl.uint(invoiceId), Cl.uint(index)));
    expect(listed).toEqual(payers);
    const changes = balanceChanges(STX, () =>
      expectOk(refundMany(payers.map((payer, index) => ({ invoiceId, payer, amount: BigInt(index + 1) })))),
    );
    const expected = Object.fromEntries(payers.map((payer, index) => [payer, BigInt(index + 1)]));
    expect(changes).toEqual({ ...expected, [MERCHANT]: -36n });
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.REFUNDED });
  });
});

describe("a contract that a merchant is lured to call", () => {
  it("has none of the merchant's authority, over invoices, operators or refunds", () => {
    const invoiceId = givenPaidInvoice();
    const open = givenInvoice();
    const [id, payer] = [Cl.uint(invoiceId), Cl.principal(PAYER)];
    const lures: [fn: string, args: Parameters<typeof send>[2]][] = [
      ["create-invoice", [Cl.uint(1)]],
      ["cancel-invoice", [Cl.uint(open)]],
      ["extend-refund-window", [id, Cl.uint(52560)]],
      ["set-operator", [Cl.principal(STRANGER), Cl.bool(true), Cl.bool(true)]],
      ["refund-stx", [id, payer, Cl.uint(100)]],
      ["refund-many-stx", [id, payer, Cl.uint(100)]],
    ];
    for (const [fn, args] of lures) expectRefused(Err.NOT_AUTHORISED, () => send(RELAY, fn, args, MERCHANT));
  });

  it("can be a payer's way to pay, and is not the payer", () => {
    const invoiceId = givenInvoice();
    expectOk(send(RELAY, "pay-stx", [Cl.uint(invoiceId), Cl.principal(MERCHANT), Cl.uint(100)], PAYER));
    expect(getLedger(invoiceId, PAYER)).toMatchObject({ paid: 100n });
    expect(getLedger(invoiceId, RELAY)).toBeNull();
  });
});

describe("a stranger at other people's things", () => {
  it("cannot cancel, extend, refund, draw on a reserve, or pay for another's subscription", () => {
    givenReserve();
    const open = givenInvoice();
    expectRefused(Err.NOT_AUTHORISED, () => cancelInvoice(open, STRANGER));
    expectRefused(Err.NOT_AUTHORISED, () => extendRefundWindow(open, 52560n, STRANGER));
    expectRefused(ReserveErr.NOT_DELEGATE, () => refundFromReserve({}, STRANGER));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => withdraw(1n, STX, STRANGER));
    const subscription = expectOk(subscribe({ id: givenPlan() })) as bigint;
    expectRefused(SubscriptionErr.NOT_AUTHORISED, () => paySubscription({ id: subscription }, STRANGER));
  });

  it("who deposits, deposits for itself", () => {
    givenReserve();
    expectOk(deposit(7n, STX, STRANGER));
    expectOk(withdraw(500n));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => withdraw(1n));
    expectOk(withdraw(7n, STX, STRANGER));
  });
});
