/** Random calls by random callers; after each one, what docs/CONTRACTS.md promises must hold. Seeded: a failure repeats. */
import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  type Asset, CORE, MERCHANT, OPERATOR, OTHER_MERCHANT, OTHER_PAYER, type Outcome, PAYER, type PlainTuple, type Print, SBTC, STX,
  Status, type Transfer, balanceChanges, burnHeight, cancelInvoice, chainState, createInvoice, entry, extendRefundWindow, getInvoice,
  getRefund, mineTo, pay, read, refund, refundMany, setOperator,
} from "./helpers.ts";

const CALLS = 120;
const MAX_INVOICES = 6;
const PEOPLE = [MERCHANT, OTHER_MERCHANT, PAYER, OTHER_PAYER, OPERATOR];

/** A small pseudo-random generator (mulberry32). */
function random(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  return { below, pick };
}
type Random = ReturnType<typeof random>;

const payerAt = (id: bigint, index: bigint) => String(entry("payers", Cl.tuple({ id: Cl.uint(id), index: Cl.uint(index) })));
const ledgerOf = (id: bigint, payer: string) =>
  entry("ledger", Cl.tuple({ id: Cl.uint(id), payer: Cl.principal(payer) })) as { paid: bigint; refunded: bigint } | null;
const lastIds = () => read("get-last-ids") as { "invoice-id": bigint; "refund-id": bigint };
const upTo = (last: bigint) => Array.from({ length: Number(last) }, (_, index) => BigInt(index + 1));

/** One random call: mostly sensible, so that money moves, sometimes not. */
function randomCall({ below, pick }: Random, asset: Asset): Outcome {
  const invoiceId = BigInt(1 + below(MAX_INVOICES));
  const invoice = entry("invoices", Cl.uint(invoiceId)) as PlainTuple | null;
  if (invoice === null) {
    return createInvoice(
      { amount: 100n, asset, expiresIn: 3000n, refundWindow: pick([1008n, 1500n]), ...pick([{}, { minPayment: 10n }]) },
      pick([MERCHANT, OTHER_MERCHANT]),
    );
  }
  const merchant = String(invoice["merchant"]);
  const payers = upTo(invoice["payer-count"] as bigint).map((n) => payerAt(invoiceId, n - 1n));
  const payer = payers.length > 0 && below(4) > 0 ? pick(payers) : pick(PEOPLE);
  const account = ledgerOf(invoiceId, payer);
  const left = account === null ? 0n : account.paid - account.refunded;
  const amount = pick([1n, 10n, 25n, left, left + 1n, 100n]);
  const reference = pick([{}, {}, { reference: `r${below(40)}` }]);
  const aRefund = { invoiceId, payer, amount, expectedRefunded: pick([account?.refunded ?? 0n, 0n]), ...reference };
  const issuer = pick([merchant, merchant, merchant, OPERATOR, pick(PEOPLE)]);
  switch (below(10)) {
    case 0:
      return refundMany([aRefund, { ...aRefund, expectedRefunded: aRefund.expectedRefunded + amount }], asset, issuer);
    case 1:
      return setOperator(OPERATOR, pick([true, false]), pick([true, false]), pick([MERCHANT, OTHER_MERCHANT]));
    case 2:
      return extendRefundWindow(invoiceId, pick([1200n, 1600n, 2000n]), issuer);
    case 3:
      return cancelInvoice(invoiceId, pick([issuer, PAYER, PAYER]));
    case 4:
    case 5:
    case 6:
      return refund({ ...aRefund, asset }, issuer);
    default:
      return pay({ invoiceId, merchant, asset, amount: pick([10n, 30n, 60n, 100n]) }, pick(PEOPLE));
  }
}

/** Payers' ledgers sum to the invoice, nothing is refunded that was not paid, and the status follows. */
function checkSums(): void {
  for (const id of upTo(lastIds()["invoice-id"])) {
    const invoice = getInvoice(id) as { [field: string]: bigint };
    let paid = 0n;
    let refunded = 0n;
    let payers = 0n;
    for (const payer of PEOPLE) {
      const account = ledgerOf(id, payer);
      if (account === null) continue;
      expect(account.refunded).toBeLessThanOrEqual(account.paid);
      paid += account.paid;
      refunded += account.refunded;
      payers += 1n;
      expect(upTo(invoice["payer-count"]!).map((n) => payerAt(id, n - 1n))).toContain(payer);
    }
    expect(invoice).toMatchObject({ "amount-paid": paid, "amount-refunded": refunded, "payer-count": payers });
    expect(invoice["status"] === Status.REFUNDED).toBe(paid > 0n && refunded === paid);
    expect(paid).toBeLessThanOrEqual(invoice["amount"]!);
  }
}

/** Each refund's event, map entry and transfer say the same; balances change by the transfers alone. */
function checkMoney(outcome: Outcome, asset: Asset, changes: Record<string, bigint>): void {
  const prints = outcome.events.filter((event): event is Print => "print" in event && event.contract === CORE);
  const transfers = outcome.events.filter((event): event is Transfer => "transfer" in event);
  const moving = prints.map(({ print }) => print).filter(({ event }) => event === "payment-received" || event === "refund-processed");
  expect(transfers.map(({ from, to, amount }) => ({ from, to, amount }))).toEqual(
    moving.map(({ event, payer, merchant, issuer, amount }) =>
      event === "payment-received" ? { from: payer, to: merchant, amount } : { from: issuer, to: payer, amount },
    ),
  );
  for (const print of moving) {
    expect(print["token"]).toBe(asset.token);
    if (print["event"] !== "refund-processed") continue;
    const { previous: _, ...recorded } = getRefund(print["refund-id"] as bigint);
    expect(print).toMatchObject(recorded);
  }
  const expected: Record<string, bigint> = {};
  for (const { from, to, amount } of transfers) {
    expected[from] = (expected[from] ?? 0n) - amount;
    expected[to] = (expected[to] ?? 0n) + amount;
  }
  expect(changes).toEqual(Object.fromEntries(Object.entries(expected).filter(([, change]) => change !== 0n)));
}

/** Refund ids have no gaps, and each invoice's refunds hang together from its last one back to its first. */
function checkRefundChains(): void {
  const linked = upTo(lastIds()["invoice-id"]).flatMap((id) => {
    const chain: bigint[] = [];
    let next = (getInvoice(id) as PlainTuple)["last-refund-id"] as bigint | null;
    while (next !== null) {
      chain.push(next);
      const link = getRefund(next);
      expect(link["invoice-id"]).toBe(id);
      next = link["previous"] as bigint | null;
    }
    return chain;
  });
  expect(linked.sort((a, b) => Number(a - b))).toEqual(upTo(lastIds()["refund-id"]));
}

describe.each([STX, SBTC])("random calls in $name", (asset) => {
  it.each([1, 2])("keep every promise (seed %i)", (seed) => {
    const dice = random(seed);
    const succeeded = new Set<string>();
    for (let call = 0; call < CALLS; call += 1) {
      mineTo(burnHeight() + BigInt(dice.pick([0, 0, 1, 7, 60])));
      const before = chainState();
      let outcome: Outcome | undefined;
      const changes = balanceChanges(asset, () => {
        outcome = randomCall(dice, asset);
      });
      if (outcome === undefined) throw new Error("no call was made");
      if ("err" in outcome.result) expect(chainState()).toEqual(before);
      for (const event of outcome.events) if ("print" in event) succeeded.add(String(event.print["event"]));
      checkMoney(outcome, asset, changes);
    }
    checkSums();
    checkRefundChains();
    // A run in which nothing happens would prove nothing.
    for (const event of ["invoice-created", "payment-received", "refund-processed", "operator-set"]) {
      expect(succeeded).toContain(event);
    }
  });
});
