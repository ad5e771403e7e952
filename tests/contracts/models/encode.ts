/** Entries of the contracts' maps as Clarity values. */
import { Cl, type ClarityValue } from "@stacks/transactions";
import { optional } from "../helpers.ts";
import type {
  Delegation, Invoice, LedgerEntry, Note, Plan, Powers, RefundEntry, Subscription,
} from "./state.ts";

export const encodeInvoice = (invoice: Invoice): ClarityValue =>
  Cl.tuple({
    merchant: Cl.principal(invoice.merchant),
    token: optional(invoice.token, Cl.principal),
    amount: Cl.uint(invoice.amount),
    "amount-paid": Cl.uint(invoice["amount-paid"]),
    "amount-refunded": Cl.uint(invoice["amount-refunded"]),
    status: Cl.uint(invoice.status),
    "min-payment": optional(invoice["min-payment"], Cl.uint),
    "only-payer": optional(invoice["only-payer"], Cl.principal),
    "refund-window": Cl.uint(invoice["refund-window"]),
    "created-at": Cl.uint(invoice["created-at"]),
    "expires-at": Cl.uint(invoice["expires-at"]),
    "first-payment-at": optional(invoice["first-payment-at"], Cl.uint),
    "payer-count": Cl.uint(invoice["payer-count"]),
    "last-refund-id": optional(invoice["last-refund-id"], Cl.uint),
  });

export const encodeNote = (note: Note): ClarityValue =>
  Cl.tuple({
    reference: optional(note.reference, Cl.stringAscii),
    memo: optional(note.memo, Cl.stringUtf8),
    "subscription-id": optional(note["subscription-id"], Cl.uint),
  });

export const encodeLedger = (entry: LedgerEntry): ClarityValue =>
  Cl.tuple({
    paid: Cl.uint(entry.paid),
    refunded: Cl.uint(entry.refunded),
    "first-paid-at": Cl.uint(entry["first-paid-at"]),
  });

export const encodeRefund = (refund: RefundEntry): ClarityValue =>
  Cl.tuple({
    "invoice-id": Cl.uint(refund["invoice-id"]),
    payer: Cl.principal(refund.payer),
    amount: Cl.uint(refund.amount),
    issuer: Cl.principal(refund.issuer),
    reason: optional(refund.reason, Cl.stringUtf8),
    reference: optional(refund.reference, Cl.stringAscii),
    "burn-height": Cl.uint(refund["burn-height"]),
    previous: optional(refund.previous, Cl.uint),
  });

export const encodePowers = (powers: Powers): ClarityValue =>
  Cl.tuple({ "may-refund": Cl.bool(powers["may-refund"]), "may-invoice": Cl.bool(powers["may-invoice"]) });

export const encodePlan = (plan: Plan): ClarityValue =>
  Cl.tuple({
    merchant: Cl.principal(plan.merchant),
    token: optional(plan.token, Cl.principal),
    amount: Cl.uint(plan.amount),
    interval: Cl.uint(plan.interval),
    "refund-window": Cl.uint(plan["refund-window"]),
    open: Cl.bool(plan.open),
  });

export const encodeSubscription = (subscription: Subscription): ClarityValue =>
  Cl.tuple({
    "plan-id": Cl.uint(subscription["plan-id"]),
    payer: Cl.principal(subscription.payer),
    "started-at": Cl.uint(subscription["started-at"]),
    "next-due": Cl.uint(subscription["next-due"]),
    payments: Cl.uint(subscription.payments),
    status: Cl.uint(subscription.status),
  });

export const encodeDelegation = (delegation: Delegation): ClarityValue =>
  Cl.tuple({
    "per-refund": Cl.uint(delegation["per-refund"]),
    "per-period": Cl.uint(delegation["per-period"]),
    period: Cl.uint(delegation.period),
    "period-start": Cl.uint(delegation["period-start"]),
    spent: Cl.uint(delegation.spent),
    "expires-at": Cl.uint(delegation["expires-at"]),
  });
