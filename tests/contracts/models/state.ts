/**
 * What the model knows: the maps and variables of the three contracts, and who owns what, as plain values.
 *
 * A state is never changed: an operation answers the next one. The entries of its maps are replaced whole, so that two
 * states can share what did not change. Field names are the contract's.
 */
import { Status } from "../helpers.ts";

export interface Invoice {
  merchant: string;
  token: string | null;
  amount: bigint;
  "amount-paid": bigint;
  "amount-refunded": bigint;
  status: bigint;
  "min-payment": bigint | null;
  "only-payer": string | null;
  "refund-window": bigint;
  "created-at": bigint;
  "expires-at": bigint;
  "first-payment-at": bigint | null;
  "payer-count": bigint;
  "last-refund-id": bigint | null;
}

export interface Note {
  reference: string | null;
  memo: string | null;
  "subscription-id": bigint | null;
}

export interface LedgerEntry {
  paid: bigint;
  refunded: bigint;
  "first-paid-at": bigint;
}

export interface RefundEntry {
  "invoice-id": bigint;
  payer: string;
  amount: bigint;
  issuer: string;
  reason: string | null;
  reference: string | null;
  "burn-height": bigint;
  previous: bigint | null;
}

export interface Powers {
  "may-refund": boolean;
  "may-invoice": boolean;
}

export interface Plan {
  merchant: string;
  token: string | null;
  amount: bigint;
  interval: bigint;
  "refund-window": bigint;
  open: boolean;
}

export interface Subscription {
  "plan-id": bigint;
  payer: string;
  "started-at": bigint;
  "next-due": bigint;
  payments: bigint;
  status: bigint;
}

export interface Delegation {
  "per-refund": bigint;
  "per-period": bigint;
  period: bigint;
  "period-start": bigint;
  spent: bigint;
  "expires-at": bigint;
}

/** How a sequence's own token behaves; the numbers are those of contracts/moody-token.clar. */
export const Mood = { OBEYS: 0, REFUSES: 1, ANSWERS_FALSE: 2, MOVES_NOTHING: 3, MOVES_MORE: 4, TAKES_STX: 5 } as const;
export type Mood = (typeof Mood)[keyof typeof Mood];

/** A map's key made of several parts; no token is STX. */
export const keyOf = (...parts: (string | bigint | null)[]): string => parts.map((part) => part ?? "STX").join(" ");

export interface State {
  /** The burn height that the next call sees. */
  now: bigint;
  lastInvoiceId: bigint;
  lastRefundId: bigint;
  invoices: ReadonlyMap<bigint, Invoice>;
  notes: ReadonlyMap<bigint, Note>;
  /** By invoice and payer. */
  ledger: ReadonlyMap<string, LedgerEntry>;
  /** By invoice and index. */
  payers: ReadonlyMap<string, string>;
  refunds: ReadonlyMap<bigint, RefundEntry>;
  /** By merchant and reference, as the next one. */
  invoiceReferences: ReadonlyMap<string, bigint>;
  refundReferences: ReadonlyMap<string, bigint>;
  /** By merchant and operator. */
  operators: ReadonlyMap<string, Powers>;
  lastPlanId: bigint;
  lastSubscriptionId: bigint;
  plans: ReadonlyMap<bigint, Plan>;
  subscriptions: ReadonlyMap<bigint, Subscription>;
  /** By merchant and token (or STX); an entry that fell to zero stays. */
  reserves: ReadonlyMap<string, bigint>;
  /** By merchant, delegate and token (or STX). */
  delegates: ReadonlyMap<string, Delegation>;
  /** By token (or STX) and owner; who owns nothing is absent. */
  balances: ReadonlyMap<string, bigint>;
  mood: Mood;
}

/** A copy of a map with one entry set. */
export function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

export const balanceOf = (state: State, token: string | null, owner: string): bigint =>
  state.balances.get(keyOf(token, owner)) ?? 0n;

/** What a merchant has in reserve. */
export const reserveOf = (state: State, merchant: string, token: string | null): bigint =>
  state.reserves.get(keyOf(merchant, token)) ?? 0n;

export const ledgerOf = (state: State, invoiceId: bigint, payer: string): LedgerEntry | undefined =>
  state.ledger.get(keyOf(invoiceId, payer));

export const powersOf = (state: State, merchant: string, operator: string): Powers =>
  state.operators.get(keyOf(merchant, operator)) ?? { "may-refund": false, "may-invoice": false };

/** The first burn height at which a refund to this payer is refused. */
export const deadlineOf = (invoice: Invoice, entry: LedgerEntry): bigint =>
  entry["first-paid-at"] + invoice["refund-window"];

/** The status as read: an invoice that can still be paid expires. */
export const statusNow = (state: State, invoice: Invoice): bigint =>
  invoice.status <= Status.PARTIALLY_PAID && state.now >= invoice["expires-at"] ? Status.EXPIRED : invoice.status;
