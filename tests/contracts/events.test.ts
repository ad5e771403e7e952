/**
 * Writes down the events of one ordered scenario, byte for byte, as tests/fixtures/simnet-events.json: what other readers of
 * events (recoup-protocol) are tested with. `npm run fixtures:events` writes the file anew; this test compares.
 */
import { Cl, type ClarityValue, deserializeCV, serializeCV, type TupleCV } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  BILLING_OPERATOR, CORE, MERCHANT, OPERATOR, OTHER_MERCHANT, OTHER_PAYER, PAYER, SBTC, SMART_WALLET, U128_MAX, burnHeight,
  cancelInvoice, contract, createInvoice, expectOk, extendRefundWindow, hostileToken, mineTo, pay, printLog, refund,
  refundMany, send, setOperator, startChain,
} from "./helpers.ts";

const LONGEST_TEXT = "\u{1F98A}".repeat(256);

/** Every kind of event, each optional field with and without a value, both tokens, several payers, the largest amounts. */
function runScenario(): void {
  const id = (outcome: ReturnType<typeof createInvoice>) => expectOk(outcome) as bigint;
  const whole = id(createInvoice({ amount: 5_000_000n, reference: "order-1", memo: "Two coffees \u{2615}" }));
  expectOk(pay({ invoiceId: whole, amount: 5_000_000n }));
  expectOk(refund({ invoiceId: whole, amount: 2_000_000n, reference: "refund-1", reason: "One was cold" }));
  expectOk(extendRefundWindow(whole, 8640n));
  mineTo(burnHeight() + 10n);
  expectOk(refund({ invoiceId: whole, amount: 3_000_000n, expectedRefunded: 2_000_000n }));

  const shared = id(
    createInvoice({ asset: SBTC, amount: 1000n, minPayment: 100n, refundWindow: 1008n, memo: "", reference: "O".repeat(64) }),
  );
  expectOk(pay({ invoiceId: shared, asset: SBTC, amount: 400n }));
  mineTo(burnHeight() + 1n);
  expectOk(pay({ invoiceId: shared, asset: SBTC, amount: 100n }));
  expectOk(pay({ invoiceId: shared, asset: SBTC, amount: 300n }, OTHER_PAYER));
  expectOk(setOperator(OPERATOR, true, false));
  expectOk(
    refundMany(
      [
        { invoiceId: shared, amount: 500n, reference: "R".repeat(64), reason: LONGEST_TEXT },
        { invoiceId: shared, payer: OTHER_PAYER, amount: 1n, reason: "" },
      ],
      SBTC,
      OPERATOR,
    ),
  );
  expectOk(cancelInvoice(shared));

  const unpaid = id(createInvoice({ onlyPayer: PAYER, expiresIn: 1n, refundWindow: 52560n, memo: LONGEST_TEXT }));
  expectOk(cancelInvoice(unpaid));

  expectOk(setOperator(BILLING_OPERATOR, false, true));
  const merchant = Cl.principal(MERCHANT);
  const none = Cl.none();
  expectOk(send(BILLING_OPERATOR, "charge-stx", [merchant, Cl.uint(7n), none, none], PAYER));
  expectOk(
    send(
      BILLING_OPERATOR,
      "charge-ft",
      [merchant, Cl.uint(9n), Cl.principal(SBTC.token!), Cl.some(Cl.uint(144n)), Cl.some(Cl.uint(U128_MAX))],
      OTHER_PAYER,
    ),
  );
  expectOk(setOperator(BILLING_OPERATOR, false, false));

  const contractInvoice = expectOk(send(SMART_WALLET, "create-invoice", [Cl.uint(50n)], OTHER_MERCHANT)) as bigint;
  expectOk(pay({ invoiceId: contractInvoice, merchant: SMART_WALLET, amount: 50n }));
  expectOk(
    send(SMART_WALLET, "refund-stx", [Cl.uint(contractInvoice), Cl.principal(PAYER), Cl.uint(50n)], OTHER_MERCHANT),
  );

  const coin = hostileToken("token-moves-nothing");
  const largest = id(createInvoice({ asset: coin, amount: U128_MAX, minPayment: U128_MAX, onlyPayer: SMART_WALLET }));
  expectOk(cancelInvoice(largest));
  const largestPaid = id(createInvoice({ asset: coin, amount: U128_MAX }));
  expectOk(pay({ invoiceId: largestPaid, asset: coin, amount: U128_MAX }));
  expectOk(refund({ invoiceId: largestPaid, asset: coin, amount: U128_MAX }));

  expectOk(
    send(contract("look-alike"), "imitate-refund", [Cl.principal(MERCHANT), Cl.principal(PAYER)], OTHER_MERCHANT),
  );
}

/** Values close to a real event that are none. */
function nearMisses(real: TupleCV): { reason: string; value: ClarityValue }[] {
  const changed = (fields: Record<string, ClarityValue>) => Cl.tuple({ ...real.value, ...fields });
  const without = (field: string) =>
    Cl.tuple(Object.fromEntries(Object.entries(real.value).filter(([name]) => name !== field)));
  return [
    { reason: "amount is missing", value: without("amount") },
    { reason: "event is missing", value: without("event") },
    { reason: "burn-height is missing", value: without("burn-height") },
    { reason: "amount is an int", value: changed({ amount: Cl.int(1) }) },
    { reason: "amount is optional", value: changed({ amount: Cl.some(Cl.uint(1)) }) },
    { reason: "payer is a text", value: changed({ payer: Cl.stringAscii(PAYER) }) },
    { reason: "reason is not optional", value: changed({ reason: Cl.stringUtf8("why") }) },
    { reason: "reference is utf-8", value: changed({ reference: Cl.some(Cl.stringUtf8("refund-1")) }) },
    { reason: "event is utf-8", value: changed({ event: Cl.stringUtf8("refund-processed") }) },
    { reason: "event is unknown", value: changed({ event: Cl.stringAscii("refund-imagined") }) },
    { reason: "event differs in case", value: changed({ event: Cl.stringAscii("Refund-Processed") }) },
    { reason: "the event is inside (ok ..)", value: Cl.ok(real) },
    { reason: "the event is inside a list", value: Cl.list([real]) },
    { reason: "a text instead of a tuple", value: Cl.stringAscii("refund-processed") },
  ];
}

const json = (value: unknown) =>
  `${JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? field.toString() : field), 2)}\n`;

describe("events", () => {
  it("are those of tests/fixtures/simnet-events.json", async () => {
    await startChain("3.3");
    runScenario();
    const recorded = printLog.map(({ contract, hex, print }) => ({ contract, name: print["event"], hex, fields: print }));
    const events = recorded.filter(({ contract }) => contract === CORE);
    const real = deserializeCV(events.find(({ name }) => name === "refund-processed")!.hex) as TupleCV;
    const fixture = {
      about:
        "Events printed by recoup-core in one ordered scenario, prints of foreign contracts that look like them, and values of " +
        "recoup-core's shape that are no events. Written by `npm run fixtures:events`. Unsigned integers are decimal strings.",
      contract: CORE,
      events,
      lookAlikes: recorded.filter(({ contract }) => contract !== CORE),
      nearMisses: nearMisses(real).map(({ reason, value }) => ({ reason, hex: `0x${serializeCV(value)}` })),
    };
    expect(new Set(events.map(({ name }) => name))).toEqual(
      new Set([
        "invoice-created", "payment-received", "refund-processed", "invoice-cancelled", "refund-window-extended", "operator-set",
      ]),
    );
    expect(fixture.lookAlikes).toHaveLength(1);
    await expect(json(fixture)).toMatchFileSnapshot("../fixtures/simnet-events.json");
  });
});
