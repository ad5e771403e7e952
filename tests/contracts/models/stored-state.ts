/**
 * Compares everything that the contracts store, and every balance, with a state of the model: byte by byte.
 *
 * Each step compares all that should exist. That nothing else does is looked up every few steps and at the end of a
 * sequence: an entry that should not be there stays there.
 */
import { Cl, type ClarityValue, cvToHex, serializeCVBytes } from "@stacks/transactions";
import { BILLING_OPERATOR, optional } from "../helpers.ts";
import { RESERVE } from "../reserve/helpers.ts";
import { SUBSCRIPTIONS } from "../subscriptions/helpers.ts";
import type { Cast } from "./cast.ts";
import type { Chain } from "./chain.ts";
import {
  encodeDelegation, encodeInvoice, encodeLedger, encodeNote, encodePlan, encodePowers, encodeRefund, encodeSubscription,
} from "./encode.ts";
import { keyOf, type State } from "./state.ts";

/** One of the contracts' maps: what the model knows of it, by key, and how keys and values are encoded. */
interface Table<V = unknown> {
  map: string;
  entries: (state: State) => ReadonlyMap<bigint | string, V>;
  key: (...parts: string[]) => ClarityValue;
  value: (value: V) => ClarityValue;
}

const table = <V>(definition: Table<V>): Table => definition as Table;

const byId = (id: string) => Cl.uint(id);
const byReference = (merchant: string, reference: string) =>
  Cl.tuple({ merchant: Cl.principal(merchant), reference: Cl.stringAscii(reference) });
const asset = (token: string) => optional(token === "STX" ? null : token, Cl.principal);

const TABLES = {
  invoices: table({ map: "invoices", entries: (state) => state.invoices, key: byId, value: encodeInvoice }),
  notes: table({ map: "notes", entries: (state) => state.notes, key: byId, value: encodeNote }),
  ledger: table({
    map: "ledger",
    entries: (state) => state.ledger,
    key: (id, payer) => Cl.tuple({ id: Cl.uint(id), payer: Cl.principal(payer) }),
    value: encodeLedger,
  }),
  payers: table({
    map: "payers",
    entries: (state) => state.payers,
    key: (id, index) => Cl.tuple({ id: Cl.uint(id), index: Cl.uint(index) }),
    value: Cl.principal,
  }),
  refunds: table({ map: "refunds", entries: (state) => state.refunds, key: byId, value: encodeRefund }),
  invoiceReferences: table({ map: "invoice-references", entries: (state) => state.invoiceReferences, key: byReference, value: Cl.uint }),
  refundReferences: table({ map: "refund-references", entries: (state) => state.refundReferences, key: byReference, value: Cl.uint }),
  operators: table({
    map: "operators",
    entries: (state) => state.operators,
    key: (merchant, operator) => Cl.tuple({ merchant: Cl.principal(merchant), operator: Cl.principal(operator) }),
    value: encodePowers,
  }),
  plans: table({ map: "plans", entries: (state) => state.plans, key: byId, value: encodePlan }),
  subscriptions: table({ map: "subscriptions", entries: (state) => state.subscriptions, key: byId, value: encodeSubscription }),
  reserves: table({
    map: "balances",
    entries: (state) => state.reserves,
    key: (merchant, token) => Cl.tuple({ merchant: Cl.principal(merchant), token: asset(token) }),
    value: Cl.uint,
  }),
  delegates: table({
    map: "delegates",
    entries: (state) => state.delegates,
    key: (merchant, delegate, token) =>
      Cl.tuple({ merchant: Cl.principal(merchant), delegate: Cl.principal(delegate), token: asset(token) }),
    value: encodeDelegation,
  }),
} as const satisfies Record<string, Table>;

const VARIABLES = {
  "last-invoice-id": "lastInvoiceId",
  "last-refund-id": "lastRefundId",
  "last-plan-id": "lastPlanId",
  "last-subscription-id": "lastSubscriptionId",
} as const;

const STEPS_BETWEEN_SEARCHES = 20;

export class StoredState {
  private comparisons = 0;
  /** Keys as bytes, by map and key. */
  private readonly keys = new Map<string, Map<bigint | string, Uint8Array>>();
  /** Entries as bytes; they are replaced, never changed, so these stay true. */
  private readonly entries = new WeakMap<object, string>();
  private readonly words = new Map<string, string>();

  constructor(
    private readonly chain: Chain,
    private readonly cast: Cast,
    private readonly start: State,
  ) {}

  assertEquals(state: State): void {
    this.comparisons += 1;
    this.compare(state);
    if (this.comparisons % STEPS_BETWEEN_SEARCHES === 0) this.assertNothingElse(state);
  }

  /** Nothing exists of which the model does not know. */
  assertNothingElse(state: State): void {
    for (const [definition, key] of this.possibleEntries(state)) {
      if (definition.entries(state).has(key)) continue;
      must(this.stored(definition, key) === null, `${definition.map} ${key} should not be there`);
    }
  }

  private compare(state: State): void {
    const { chain } = this;
    must(chain.burnHeight === state.now, "the burn height moved");
    for (const [variable, field] of Object.entries(VARIABLES)) must(chain.variable(variable) === state[field], `${variable} differs`);
    for (const definition of Object.values(TABLES)) {
      for (const [key, value] of definition.entries(state)) {
        const stored = this.stored(definition, key);
        if (stored === this.bytes(value, definition.value)) continue;
        const found = stored === null ? "nothing" : JSON.stringify(chain.entry(definition.map, keyValue(definition, key)), bigints);
        throw new Error(`${definition.map} ${key}: found ${found}, expected ${JSON.stringify(value, bigints)}`);
      }
    }
    this.assertBalances(state);
  }

  /** Every entry of the cast that could have been written, and one beyond the last of each counter. */
  private *possibleEntries(state: State): Generator<[Table, bigint | string]> {
    const { actors, references, tokens } = this.cast;
    for (const id of upTo(this.start.lastInvoiceId, state.lastInvoiceId)) {
      yield [TABLES.invoices, id];
      yield [TABLES.notes, id];
      for (const payer of actors) yield [TABLES.ledger, keyOf(id, payer)];
      for (const index of upTo(-1n, (state.invoices.get(id)?.["payer-count"] ?? 0n) - 1n)) yield [TABLES.payers, keyOf(id, index)];
    }
    for (const id of upTo(this.start.lastRefundId, state.lastRefundId)) yield [TABLES.refunds, id];
    for (const id of upTo(this.start.lastPlanId, state.lastPlanId)) yield [TABLES.plans, id];
    for (const id of upTo(this.start.lastSubscriptionId, state.lastSubscriptionId)) yield [TABLES.subscriptions, id];
    for (const merchant of actors) {
      for (const text of references) {
        yield [TABLES.invoiceReferences, keyOf(merchant, text)];
        yield [TABLES.refundReferences, keyOf(merchant, text)];
      }
      for (const operator of [...actors, BILLING_OPERATOR, SUBSCRIPTIONS, RESERVE]) yield [TABLES.operators, keyOf(merchant, operator)];
      for (const token of tokens) {
        yield [TABLES.reserves, keyOf(merchant, token)];
        for (const delegate of actors) yield [TABLES.delegates, keyOf(merchant, delegate, token)];
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

  private stored(definition: Table, key: bigint | string): string | null {
    let known = this.keys.get(definition.map);
    if (known === undefined) this.keys.set(definition.map, (known = new Map()));
    let bytes = known.get(key);
    if (bytes === undefined) known.set(key, (bytes = serializeCVBytes(keyValue(definition, key))));
    return this.chain.rawEntry(definition.map, bytes);
  }

  private bytes(value: unknown, encode: (value: unknown) => ClarityValue): string {
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

const keyValue = ({ key: encode }: Table, key: bigint | string): ClarityValue => encode(...String(key).split(" "));

/** The numbers after the first, to one beyond the last. */
const upTo = (first: bigint, last: bigint): bigint[] => Array.from({ length: Number(last - first) + 1 }, (_, index) => first + 1n + BigInt(index));

/** As the chain answers for an entry that exists. */
const hexOf = (value: ClarityValue): string => cvToHex(Cl.some(value));
const bigints = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

function must(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(complaint);
}
