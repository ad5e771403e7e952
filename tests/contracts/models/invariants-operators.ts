/** What must hold of recoup-subscriptions and recoup-reserve after every step, said without the model's rules. */
import { isDeepStrictEqual } from "node:util";
import { RESERVE } from "../reserve/helpers.ts";
import { SUBSCRIPTIONS, SubscriptionStatus } from "../subscriptions/helpers.ts";
import type { Transition } from "./invariants.ts";
import { must } from "./must.ts";
import { isMoody } from "./operations/transfer.ts";
import { balanceOf, keyOf, Mood } from "./state.ts";

/** A plan never changes but to close; a subscription is paid by its payer alone, one period a call, at most one ahead. */
export function assertSubscriptions({ before, after, call, answer }: Transition): void {
  for (const [id, old] of before.plans) {
    const plan = after.plans.get(id);
    const isClosing = call.name === "close-plan" && call.planId === id && call.sender === old.merchant;
    must(isDeepStrictEqual(plan, old) || (isClosing && isDeepStrictEqual(plan, { ...old, open: false })), 4, `plan ${id} changed`);
  }
  for (const [id, subscription] of after.subscriptions) {
    const old = before.subscriptions.get(id);
    const plan = after.plans.get(subscription["plan-id"]);
    must(plan !== undefined, 1, `subscription ${id} has no plan`);
    must(subscription.payments > 0n && subscription.payer !== plan.merchant, 1, `subscription ${id}`);
    must(subscription["next-due"] > subscription["started-at"], 1, `subscription ${id} is due before it began`);
    if (old === subscription) continue;
    const paid = subscription.payments - (old?.payments ?? 0n);
    must(paid === 0n || paid === 1n, 6, `subscription ${id} was paid ${paid} times`);
    must(old?.status !== SubscriptionStatus.CANCELLED, 4, `subscription ${id} was cancelled, and changed`);
    if (paid === 0n) {
      must(subscription["next-due"] === old?.["next-due"], 4, `subscription ${id} moved without payment`);
      must(call.sender === subscription.payer || call.sender === plan.merchant, 9, `subscription ${id} was cancelled by a stranger`);
      continue;
    }
    must(call.sender === subscription.payer, 9, `subscription ${id} was paid by another`);
    must(subscription["next-due"] > after.now, 3, `subscription ${id} was paid for the past`);
    must(subscription["next-due"] <= after.now + 2n * plan.interval, 3, `subscription ${id} was paid too far ahead`);
    must(subscription["next-due"] > (old?.["next-due"] ?? 0n), 3, `subscription ${id} went back`);
    assertPaidByInvoice(id, { before, after, call, answer });
  }
}

/** The payment is an invoice of recoup-core, of this payer alone, paid in full, which event and note name. */
function assertPaidByInvoice(id: bigint, { before, after, answer }: Transition): void {
  must(after.lastInvoiceId === before.lastInvoiceId + 1n, 6, `no invoice for subscription ${id}`);
  const invoice = after.invoices.get(after.lastInvoiceId);
  const { payer } = after.subscriptions.get(id)!;
  must(invoice !== undefined && invoice["amount-paid"] === invoice.amount && invoice["only-payer"] === payer, 8, `invoice of subscription ${id}`);
  must(after.notes.get(after.lastInvoiceId)?.["subscription-id"] === id, 6, `note of subscription ${id}`);
  const [event] = answer.events;
  const says = event !== undefined && "print" in event && event.by === SUBSCRIPTIONS ? event.print : {};
  must(says["invoice-id"] === after.lastInvoiceId && says["subscription-id"] === id, 6, `event of subscription ${id}`);
}

/** The reserve holds what it owes; only the merchant and its delegates, within their limits, draw on a merchant's balance. */
export function assertReserve({ before, after, call, answer }: Transition): void {
  const [token, amount] = "token" in call && "amount" in call ? [call.token, call.amount] : [null, 0n];
  const owner =
    call.name === "deposit" || call.name === "withdraw" ? call.sender
    : call.name === "reserve-refund" ? after.invoices.get(call.invoiceId)?.merchant
    : undefined;
  let owedMore = 0n;
  for (const key of new Set([...before.reserves.keys(), ...after.reserves.keys()])) {
    const change = (after.reserves.get(key) ?? 0n) - (before.reserves.get(key) ?? 0n);
    must((after.reserves.get(key) ?? 0n) >= 0n, 9, `reserve ${key} is below zero`);
    if (change === 0n) continue;
    must(owner !== undefined && key === keyOf(owner, token), 9, `reserve ${key} changed by ${change}`);
    must(change === (call.name === "deposit" ? amount : -amount), 9, `reserve ${key} changed by ${change}, not ${amount}`);
    owedMore += change;
  }
  const heldMore = balanceOf(after, token, RESERVE) - balanceOf(before, token, RESERVE);
  const obeys = token === null || !isMoody(token) || before.mood === Mood.OBEYS;
  must(obeys ? heldMore === owedMore : heldMore >= owedMore, 9, `the reserve owes ${owedMore} and holds ${heldMore} more`);
  assertDelegates({ before, after, call, answer });
}

function assertDelegates({ before, after, call }: Transition): void {
  for (const [key, delegation] of after.delegates) {
    must(0n <= delegation.spent && delegation.spent <= delegation["per-period"], 9, `delegate ${key} is above its budget`);
    const old = before.delegates.get(key);
    if (old === delegation) continue;
    const [merchant, delegate] = key.split(" ") as [string, string];
    if (call.name === "set-delegate") {
      must(merchant === call.sender && delegation.spent === 0n, 9, `delegate ${key} was set by another`);
      continue;
    }
    must(call.name === "reserve-refund" && delegate === call.sender && old !== undefined, 9, `delegate ${key} changed`);
    must(after.now < delegation["expires-at"] && call.payer !== delegate, 9, `delegate ${key} refunded when it must not`);
    must(0n < call.amount && call.amount <= delegation["per-refund"], 9, `delegate ${key} refunded above its limit`);
    const isNewPeriod = delegation["period-start"] !== old["period-start"];
    must(!isNewPeriod || after.now >= old["period-start"] + old.period, 9, `delegate ${key} began a period too early`);
    must(delegation.spent === (isNewPeriod ? 0n : old.spent) + call.amount, 9, `delegate ${key} was charged wrongly`);
  }
  for (const key of before.delegates.keys()) {
    const isRevoked = call.name === "revoke-delegate" && key.startsWith(`${call.sender} `);
    must(after.delegates.has(key) || isRevoked, 9, `delegate ${key} is gone`);
  }
}
