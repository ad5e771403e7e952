/**
 * The invariants of the contracts, said without the model's rules: of the state after a step, and of the way there.
 *
 * Each step's state was compared with the contracts' maps before, byte by byte, so what holds for it holds on chain.
 */
import { Cl } from "@stacks/transactions";
import { isDeepStrictEqual } from "node:util";
import { CORE, type PlainTuple, Status, type Transfer } from "../helpers.ts";
import { RESERVE } from "../reserve/helpers.ts";
import type { Answer, Chain } from "./chain.ts";
import { assertReserve, assertSubscriptions } from "./invariants-operators.ts";
import { duesOf, isPayment, movesOf } from "./moves.ts";
import { must } from "./must.ts";
import type { Call } from "./operations/index.ts";
import { isMoody } from "./operations/transfer.ts";
import { balanceOf, deadlineOf, type Invoice, keyOf, Mood, type State } from "./state.ts";

export interface Transition {
  before: State;
  after: State;
  call: Call;
  answer: Answer;
}

export function assertInvariants(transition: Transition, chain: Chain): void {
  assertSums(transition.after);
  assertLedgersOnlyGrow(transition);
  assertReferencesStay(transition);
  assertRefundsAreDense(transition);
  assertNothingAfterRefusal(transition);
  assertOnlyThePayersOwnLedgerChanged(transition);
  assertSpending(transition);
  assertSubscriptions(transition);
  assertReserve(transition);
  for (const event of transition.answer.events) {
    if ("print" in event) assertEventIsTrue(event.print, transition, chain);
  }
}

/** Invariant 1. */
function assertSums({ invoices, ledger, payers }: State): void {
  for (const [id, invoice] of invoices) {
    const count = invoice["payer-count"];
    const entries = Array.from({ length: Number(count) }, (_, index) => ledger.get(keyOf(id, payers.get(keyOf(id, BigInt(index)))!)));
    let [paid, refunded] = [0n, 0n];
    for (const entry of entries) {
      must(entry !== undefined, 1, `a payer of invoice ${id} has no ledger`);
      must(0n < entry.paid && 0n <= entry.refunded && entry.refunded <= entry.paid, 1, `ledger of invoice ${id}`);
      paid += entry.paid;
      refunded += entry.refunded;
    }
    must(paid === invoice["amount-paid"] && refunded === invoice["amount-refunded"], 1, `sums of invoice ${id}`);
    must(paid <= invoice.amount, 1, `invoice ${id} is overpaid`);
    must((invoice.status === Status.REFUNDED) === (paid > 0n && refunded === paid), 1, `status of invoice ${id}`);
    must((invoice["first-payment-at"] === null) === (paid === 0n), 3, `first payment of invoice ${id}`);
  }
  const known = [...invoices.values()].reduce((sum, invoice) => sum + invoice["payer-count"], 0n);
  must(BigInt(ledger.size) === known && BigInt(payers.size) === known, 2, "a ledger that is no payer's");
}

/** Invariants 2, 3 and 6: nothing that anybody does lowers what was paid or refunded, or brings a deadline nearer. */
function assertLedgersOnlyGrow({ before, after }: Transition): void {
  for (const [key, old] of before.ledger) {
    const entry = after.ledger.get(key);
    must(entry !== undefined, 2, `ledger ${key} is gone`);
    must(entry.paid >= old.paid && entry.refunded >= old.refunded, 6, `ledger ${key} fell`);
    const id = BigInt(key.split(" ")[0]!);
    const deadline = deadlineOf(invoiceOf(after, id), entry);
    must(deadline >= deadlineOf(invoiceOf(before, id), old), 3, `the deadline of ${key} came nearer`);
    must(entry.paid === old.paid || deadline - after.now >= 144n, 3, `an instalment of ${key} came too late`);
  }
}

/** Invariant 5. */
function assertReferencesStay({ before, after }: Transition): void {
  for (const name of ["invoiceReferences", "refundReferences"] as const) {
    for (const [key, id] of before[name]) must(after[name].get(key) === id, 5, `reference ${key} changed`);
    must(new Set(after[name].values()).size === after[name].size, 5, "two references of one id");
  }
}

/** Invariant 6. */
function assertRefundsAreDense({ before, after }: Transition): void {
  const added = [...after.refunds.keys()].filter((id) => !before.refunds.has(id));
  const expected = added.map((_, index) => before.lastRefundId + 1n + BigInt(index));
  must(isDeepStrictEqual(added, expected), 6, `refund ids ${added.join()} after ${before.lastRefundId}`);
  must(after.lastRefundId === before.lastRefundId + BigInt(added.length), 6, "last refund id");
  for (const [id, refund] of before.refunds) must(isDeepStrictEqual(after.refunds.get(id), refund), 6, `refund ${id} changed`);
  const byInvoice = new Map<bigint, bigint>();
  for (const { "invoice-id": id, amount } of after.refunds.values()) byInvoice.set(id, (byInvoice.get(id) ?? 0n) + amount);
  for (const [id, invoice] of after.invoices) {
    must((byInvoice.get(id) ?? 0n) === invoice["amount-refunded"], 6, `refunds of invoice ${id} do not sum up`);
  }
}

/** Invariant 4. That the chain did not change is seen when it is compared with the state before. */
function assertNothingAfterRefusal({ before, after, answer }: Transition): void {
  if ("ok" in answer.result) return;
  must(before === after, 4, "a refusal changed the state");
  must(answer.events.length === 0, 4, "a refusal left an event");
}

/** Invariant 2. */
function assertOnlyThePayersOwnLedgerChanged({ before, after, call }: Transition): void {
  const mayChange = (key: string): boolean => {
    const payer = key.split(" ")[1]!;
    if (isPayment(call)) return payer === call.sender;
    return duesOf(call).some((due) => keyOf(due.invoiceId, due.payer) === key);
  };
  for (const key of after.ledger.keys()) {
    must(mayChange(key) || isDeepStrictEqual(after.ledger.get(key), before.ledger.get(key)), 2, `ledger ${key} changed`);
  }
}

/** Invariants 7, 8 and 9: what left a sender, or the reserve, is what was named, and it went where it was named to go. */
function assertSpending({ before, after, call }: Transition): void {
  const moves = movesOf(call);
  const token = "token" in call ? call.token : null;
  const total = moves.reduce((sum, { amount }) => sum + amount, 0n);
  const receivers = new Map<string, bigint>();
  for (const { to, amount } of moves) receivers.set(to, (receivers.get(to) ?? 0n) + amount);
  for (const key of new Set([...before.balances.keys(), ...after.balances.keys()])) {
    const [asset, owner] = key.split(" ") as [string, string];
    const change = (after.balances.get(key) ?? 0n) - (before.balances.get(key) ?? 0n);
    if (change === 0n) continue;
    must(moves.length > 0 && asset === (token ?? "STX"), 7, `another asset moved: ${key}`);
    must(change > 0n || owner === moves[0]?.from, 9, `${key} lost what it did not send`);
    must(change < 0n ? -change === total : change === receivers.get(owner), 8, `${key} changed by ${change}`);
  }
  if (moves.length === 0 || before === after || (token !== null && isMoody(token) && before.mood !== Mood.OBEYS)) return;
  for (const [receiver, amount] of receivers) {
    const received = balanceOf(after, token, receiver) - balanceOf(before, token, receiver);
    must(received === amount, 8, `${receiver} received ${received} of ${amount}`);
  }
}

/** Invariant 6: what an event says is what the maps hold, and what the token moved. */
function assertEventIsTrue(print: PlainTuple, transition: Transition, chain: Chain): void {
  if (print.event !== "refund-processed" && print.event !== "payment-received") return;
  const { after, call, answer, before } = transition;
  const { "invoice-id": id, payer, merchant, amount, token, issuer } = print as Record<string, bigint & string>;
  const isRefund = print.event === "refund-processed";
  const moves: Transfer = {
    transfer: answer.events.find((event): event is Transfer => "transfer" in event)?.transfer ?? "none",
    from: isRefund ? issuer! : payer!,
    to: isRefund ? payer! : merchant!,
    amount: amount!,
  };
  const betrays = token !== null && isMoody(token!) && before.mood !== Mood.OBEYS;
  must(betrays || moves.transfer === (token ?? "STX") || moves.transfer.startsWith(`${token}::`), 6, "an event of another asset");
  must(betrays || answer.events.some((event) => isDeepStrictEqual(event, moves)), 6, "an event without its transfer");
  if (!isRefund) return;
  must(issuer === (call.name === "reserve-refund" ? RESERVE : call.sender), 9, "a refund out of somebody else's pocket");
  const refundId = print["refund-id"] as bigint;
  const stored = chain.entry("refunds", Cl.uint(refundId)) as PlainTuple;
  for (const field of ["invoice-id", "payer", "amount", "issuer", "reason", "reference", "burn-height"]) {
    must(stored[field] === print[field], 6, `refund ${refundId}: ${field} differs between event and map of ${CORE}`);
  }
  must(after.ledger.has(keyOf(id!, payer!)) && before.ledger.has(keyOf(id!, payer!)), 2, "a refund to somebody who never paid");
  must(after.now < (print.deadline as bigint), 3, `refund ${refundId} came after the deadline`);
}

function invoiceOf(state: State, id: bigint): Invoice {
  const invoice = state.invoices.get(id);
  must(invoice !== undefined, 1, `invoice ${id} is gone`);
  return invoice;
}
