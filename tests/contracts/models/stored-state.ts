/**
 * Compares everything that recoup-core stores, and every balance, with a state of the model: byte by byte.
 *
 * Each step compares all that should exist. That nothing else does is looked up every few steps and at the end of a
 * sequence: an entry that should not be there stays there.
 */
import { Cl, type ClarityValue, cvToHex, serializeCVBytes } from "@stacks/transactions";
import { BILLING_OPERATOR, optional } from "../helpers.ts";
import type { Cast } from "./cast.ts";
import type { Chain } from "./chain.ts";
import { type Invoice, keyOf, type LedgerEntry, type Note, type Powers, type RefundEntry, type State } from "./state.ts";

const encodeInvoice = (invoice: Invoice): ClarityValue =>
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

const encodeNote = (note: Note): ClarityValue =>
  Cl.tuple({
    reference: optional(note.reference, Cl.stringAscii),
    memo: optional(note.memo, Cl.stringUtf8),
    "subscription-id": optional(note["subscription-id"], Cl.uint),
  });

const encodeLedger = (entry: LedgerEntry): ClarityValue =>
  Cl.tuple({
    paid: Cl.uint(entry.paid),
    refunded: Cl.uint(entry.refunded),
    "first-paid-at": Cl.uint(entry["first-paid-at"]),
  });

const encodeRefund = (refund: RefundEntry): ClarityValue =>
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

const encodePowers = (powers: Powers): ClarityValue =>
  Cl.tuple({ "may-refund": Cl.bool(powers["may-refund"]), "may-invoice": Cl.bool(powers["may-invoice"]) });

/** One entry that may exist: where it is stored, and what it should be. */
type Check = <V>(map: string, key: string, encodeKey: () => ClarityValue, value: V | undefined, encode: (value: V) => ClarityValue) => void;

const STEPS_BETWEEN_SEARCHES = 20;

export class StoredState {
  private comparisons = 0;
  /** Keys as bytes, by map and key. */
  private readonly keys = new Map<string, Uint8Array>();
  /** Entries as bytes; they are replaced, never changed, so these stay true. */
  private readonly entries = new WeakMap<object, string>();
  private readonly words = new Map<string, string>();
  private readonly firstInvoiceId: bigint;
  private readonly firstRefundId: bigint;

  constructor(
    private readonly chain: Chain,
    private readonly cast: Cast,
    start: State,
  ) {
    this.firstInvoiceId = start.lastInvoiceId + 1n;
    this.firstRefundId = start.lastRefundId + 1n;
  }

  assertEquals(state: State): void {
    this.comparisons += 1;
    this.compare(state, this.comparisons % STEPS_BETWEEN_SEARCHES === 0);
  }

  /** Also that nothing exists of which the model does not know. */
  assertNothingElse(state: State): void {
    this.compare(state, true);
  }

  private compare(state: State, search: boolean): void {
    const { chain } = this;
    must(chain.burnHeight === state.now, "the burn height moved");
    must(chain.variable("last-invoice-id") === state.lastInvoiceId, "last-invoice-id differs");
    must(chain.variable("last-refund-id") === state.lastRefundId, "last-refund-id differs");
    this.forEachEntry(state, (map, key, encodeKey, value, encode) => {
      if (value === undefined && !search) return;
      const stored = chain.rawEntry(map, this.keyBytes(map, key, encodeKey));
      const expected = value === undefined ? null : this.bytes(value, encode);
      if (stored === expected) return;
      const found = stored === null ? "nothing" : JSON.stringify(chain.entry(map, encodeKey()), bigints);
      throw new Error(`${map} ${key}: found ${found}, expected ${JSON.stringify(value, bigints)}`);
    });
    this.assertBalances(state);
  }

  /** Every entry of the cast that is, or could have been, written; one beyond the last of each counter. */
  private forEachEntry(state: State, check: Check): void {
    const { actors, references } = this.cast;
    for (let id = this.firstInvoiceId; id <= state.lastInvoiceId + 1n; id++) {
      const invoice = state.invoices.get(id);
      check("invoices", keyOf(id), () => Cl.uint(id), invoice, encodeInvoice);
      check("notes", keyOf(id), () => Cl.uint(id), state.notes.get(id), encodeNote);
      for (const payer of actors) {
        const encodeKey = () => Cl.tuple({ id: Cl.uint(id), payer: Cl.principal(payer) });
        check("ledger", keyOf(id, payer), encodeKey, state.ledger.get(keyOf(id, payer)), encodeLedger);
      }
      for (let index = 0n; index <= (invoice?.["payer-count"] ?? 0n); index++) {
        const encodeKey = () => Cl.tuple({ id: Cl.uint(id), index: Cl.uint(index) });
        check("payers", keyOf(id, index), encodeKey, state.payers.get(keyOf(id, index)), Cl.principal);
      }
    }
    for (let id = this.firstRefundId; id <= state.lastRefundId + 1n; id++) {
      check("refunds", keyOf(id), () => Cl.uint(id), state.refunds.get(id), encodeRefund);
    }
    for (const merchant of actors) {
      for (const text of references) {
        const key = keyOf(merchant, text);
        const encodeKey = () => Cl.tuple({ merchant: Cl.principal(merchant), reference: Cl.stringAscii(text) });
        check("invoice-references", key, encodeKey, state.invoiceReferences.get(key), Cl.uint);
        check("refund-references", key, encodeKey, state.refundReferences.get(key), Cl.uint);
      }
      for (const operator of [...actors, BILLING_OPERATOR]) {
        const key = keyOf(merchant, operator);
        const encodeKey = () => Cl.tuple({ merchant: Cl.principal(merchant), operator: Cl.principal(operator) });
        check("operators", key, encodeKey, state.operators.get(key), encodePowers);
      }
    }
  }

  /** Of everybody, also of those who have no part in this sequence. */
  private assertBalances(state: State): void {
    const balances = this.chain.balances();
    for (const key of new Set([...balances.keys(), ...state.balances.keys()])) {
      const [found, expected] = [balances.get(key) ?? 0n, state.balances.get(key) ?? 0n];
      must(found === expected, `balance of ${key}: found ${found}, expected ${expected}`);
    }
  }

  private keyBytes(map: string, key: string, encode: () => ClarityValue): Uint8Array {
    const name = keyOf(map, key);
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const bytes = serializeCVBytes(encode());
    this.keys.set(name, bytes);
    return bytes;
  }

  private bytes<V>(value: V, encode: (value: V) => ClarityValue): string {
    if (typeof value === "object" && value !== null) {
      const known = this.entries.get(value);
      if (known !== undefined) return known;
      const hex = hexOf(encode(value));
      this.entries.set(value, hex);
      return hex;
    }
    const word = `${typeof value} ${value}`;
    const known = this.words.get(word);
    if (known !== undefined) return known;
    const hex = hexOf(encode(value));
    this.words.set(word, hex);
    return hex;
  }
}

/** As the chain answers for an entry that exists. */
const hexOf = (value: ClarityValue): string => cvToHex(Cl.some(value));
const bigints = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

function must(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(complaint);
}
