/**
 * Writes down the events of recoup-subscriptions and recoup-reserve in one ordered scenario, byte for byte and with
 * recoup-core's beside them, as tests/fixtures/simnet-satellite-events.json. `npm run fixtures:events` writes the file anew;
 * this test compares.
 */
import { describe, expect, it } from "vitest";
import {
  CORE, MERCHANT, OTHER_MERCHANT, OTHER_PAYER, RELAY, SBTC, STX, U128_MAX, burnHeight, expectOk, givenPaidInvoice,
  mineTo, printLog, refund, setOperator, startChain,
} from "./helpers.ts";
import {
  DELEGATE, RESERVE, deposit, refundFromReserve, revokeDelegate, setDelegate, withdraw,
} from "./reserve/helpers.ts";
import { SUBSCRIPTIONS, cancel, closePlan, createPlan, paySubscription, subscribe } from "./subscriptions/helpers.ts";

/** Every kind of event, both tokens, a lapsed subscription, a budget's second period, a refund of a subscription payment. */
function runSubscriptions(): void {
  expectOk(setOperator(SUBSCRIPTIONS, false, true));
  const monthly = expectOk(createPlan({ amount: 100n, interval: 10n, refundWindow: 144n })) as bigint;
  const inToken = expectOk(createPlan({ asset: SBTC, amount: 7n, interval: 52560n })) as bigint;
  expectOk(createPlan({ amount: U128_MAX, interval: 1n, refundWindow: 52560n }, OTHER_MERCHANT));
  const first = expectOk(subscribe({ id: monthly })) as bigint;
  const second = expectOk(subscribe({ id: inToken, asset: SBTC, amount: 7n }, OTHER_PAYER)) as bigint;
  const invoice = expectOk(paySubscription({ id: first })) as bigint;
  mineTo(burnHeight() + 50n);
  expectOk(paySubscription({ id: first }));
  expectOk(refund({ invoiceId: invoice, amount: 60n, reference: "period-2" }));
  expectOk(closePlan(monthly));
  expectOk(cancel(first));
  expectOk(cancel(second, MERCHANT));
}

function runReserve(): void {
  expectOk(setOperator(RESERVE, true, false));
  expectOk(deposit(500n));
  expectOk(deposit(300n, SBTC));
  expectOk(setDelegate({ perRefund: 50n, perPeriod: 80n, period: 20n }));
  expectOk(setDelegate({ asset: SBTC, perRefund: 9n, perPeriod: U128_MAX, period: 1n, expiresIn: 52560n }));
  const invoiceId = givenPaidInvoice({ reference: "reserved" });
  const inToken = givenPaidInvoice({ asset: SBTC }, OTHER_PAYER);
  expectOk(refundFromReserve({ invoiceId, amount: 40n, reference: "from-reserve", reason: "Broken" }));
  expectOk(refundFromReserve({ invoiceId: inToken, payer: OTHER_PAYER, asset: SBTC, amount: 9n }));
  mineTo(burnHeight() + 20n);
  expectOk(refundFromReserve({ invoiceId, amount: 50n, expectedRefunded: 40n }));
  expectOk(setDelegate({ delegate: RELAY, perRefund: 1n, perPeriod: 1n }));
  expectOk(revokeDelegate(STX, MERCHANT, DELEGATE));
  expectOk(withdraw(410n));
  expectOk(withdraw(1n, SBTC));
}

const json = (value: unknown) =>
  `${JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? field.toString() : field), 2)}\n`;

describe("events of subscriptions and reserve", () => {
  it("are those of tests/fixtures/simnet-satellite-events.json", async () => {
    await startChain("3.3");
    runSubscriptions();
    runReserve();
    const events = printLog.map(({ contract, hex, print }) => ({ contract, name: print["event"], hex, fields: print }));
    const fixture = {
      about:
        "Events printed by recoup-subscriptions and recoup-reserve in one ordered scenario, with recoup-core's beside them. " +
        "Written by `npm run fixtures:events`. Unsigned integers are decimal strings.",
      core: CORE,
      subscriptions: SUBSCRIPTIONS,
      reserve: RESERVE,
      events,
    };
    const named = (contract: string) =>
      new Set(events.filter((event) => event.contract === contract).map(({ name }) => name));
    expect(named(SUBSCRIPTIONS)).toEqual(
      new Set([
        "plan-created", "plan-closed", "subscription-started", "subscription-paid", "subscription-cancelled",
      ]),
    );
    expect(named(RESERVE)).toEqual(
      new Set(["reserve-deposited", "reserve-withdrawn", "delegate-set", "delegate-revoked", "reserve-refunded"]),
    );
    await expect(json(fixture)).toMatchFileSnapshot("../fixtures/simnet-satellite-events.json");
  });
});
