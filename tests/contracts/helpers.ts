/** A fresh simnet for each test, recoup-core's calls as typed functions, and answers as plain values. */
import { initSimnet, type Simnet } from "@stacks/clarinet-sdk";
import { Cl, ClarityType, type ClarityValue, cvToString } from "@stacks/transactions";
import { expect } from "vitest";

export type Plain = bigint | boolean | string | null | Plain[] | { [key: string]: Plain };
export type PlainTuple = { [key: string]: Plain };
export type Result = { ok: Plain } | { err: Plain };
export type Print = { contract: string; print: PlainTuple };
export type Transfer = { transfer: string; from: string; to: string; amount: bigint };
export interface Outcome {
  result: Result;
  events: (Print | Transfer)[];
  costs: Costs;
}
export type Costs = NonNullable<ReturnType<Simnet["callPublicFn"]>["costs"]>;

/** What an invoice is paid in: STX (token null), or a SIP-010 token by its contract and asset. */
export interface Asset {
  name: string;
  token: string | null;
  id: string;
}

export const DEPLOYER = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM";
export const MERCHANT = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
export const PAYER = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
export const OTHER_PAYER = "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC";
export const OPERATOR = "ST2NEB84ASENDXKYGJPQW86YXQCEFEX2ZQPG87ND";
export const STRANGER = "ST2REHHS5J3CERCRBEPMGH7921Q6PYKAADT7JP2VB";
export const OTHER_MERCHANT = "ST3AM1A56AK2C1XAFJ4115ZSV26EB49BVQ10MGCS0";

export const contract = (name: string) => `${DEPLOYER}.${name}`;
export const CORE = contract("recoup-core");
export const RELAY = contract("relay");
export const SMART_WALLET = contract("smart-wallet");
export const BILLING_OPERATOR = contract("billing-operator");

export const STX: Asset = { name: "STX", token: null, id: "STX" };
export const SBTC: Asset = { name: "sBTC", token: contract("mock-sbtc"), id: ".mock-sbtc.sbtc-token" };
const assetName = (asset: Asset) => asset.id.slice(asset.id.lastIndexOf(".") + 1);
export const hostileToken = (name: string): Asset => ({ name, token: contract(name), id: `.${name}.coin` });

/** Minted to each wallet of the tests, in tokens. */
export const TOKEN_FUNDS = 1_000_000n;
export const U128_MAX = 2n ** 128n - 1n;
export const DEFAULT_WINDOW = 4320n;

export const Status = { OPEN: 0n, PARTIALLY_PAID: 1n, PAID: 2n, EXPIRED: 3n, CANCELLED: 4n, REFUNDED: 5n } as const;

/** The error codes of recoup-core by name; errors.test.ts compares them with the source. */
export const Err = {
  NOT_AUTHORISED: 1000,
  INVOICE_NOT_FOUND: 1001,
  INVALID_AMOUNT: 1002,
  INVALID_WINDOW: 1003,
  INVALID_EXPIRY: 1004,
  REFERENCE_EMPTY: 1005,
  REFERENCE_USED: 1006,
  TOKEN_MISMATCH: 1007,
  MERCHANT_MISMATCH: 1008,
  PAYER_NOT_ALLOWED: 1009,
  NOT_PAYABLE: 1010,
  INVOICE_EXPIRED: 1011,
  MORE_THAN_DUE: 1012,
  BELOW_MIN_PAYMENT: 1013,
  INSTALMENT_TOO_LATE: 1014,
  NOT_CANCELLABLE: 1015,
  NOTHING_PAID: 1020,
  WINDOW_EXPIRED: 1021,
  FULLY_REFUNDED: 1022,
  LEDGER_CHANGED: 1023,
  MORE_THAN_REFUNDABLE: 1024,
  EMPTY_BATCH: 1025,
  INSUFFICIENT_BALANCE: 1030,
  TRANSFER_FAILED: 1031,
  FORBIDDEN_TRANSFER: 1032,
} as const;

// --- The chain

/** The project that is tested; mutants of the contracts are in another one. */
export const MANIFEST = process.env.RECOUP_MANIFEST ?? "./Clarinet.toml";

export let simnet: Simnet;
/** Every print of a test's successful calls in order, also as the bytes that a node sends. */
export const printLog: (Print & { hex: string })[] = [];
/** Every reference used in a test, so that `chainState` can look each one up. */
const references = new Set<string>();

export async function startChain(epoch: "3.3" | "4.0"): Promise<Simnet> {
  simnet = await initSimnet(MANIFEST, false, { trackCosts: true, trackCoverage: false });
  simnet.setEpoch(epoch);
  references.clear();
  printLog.length = 0;
  for (const wallet of [MERCHANT, PAYER, OTHER_PAYER, OPERATOR]) mint(SBTC, wallet, TOKEN_FUNDS);
  return simnet;
}

/** Gives a wallet tokens, any but STX. What simnet cannot mint so would break its VM for good. */
export function mint(asset: Asset, wallet: string, amount: bigint): void {
  if (wallet.includes(".") || amount >= 2n ** 64n) throw new Error("simnet cannot mint this: call the token's own mint");
  simnet.mintFT(`${asset.token}.${assetName(asset)}`, wallet, amount);
}

export const burnHeight = () => BigInt(simnet.burnBlockHeight);

/** Mines until a call would see this burn height. */
export function mineTo(height: bigint): void {
  const blocks = Number(height - burnHeight());
  if (blocks < 0) throw new Error(`burn height ${height} has passed`);
  if (blocks > 0) simnet.mineEmptyBurnBlocks(blocks);
}

export function balanceOf(owner: string, asset: Asset): bigint {
  return simnet.getAssetsMap().get(asset.id)?.get(owner) ?? 0n;
}

/** How the balances of one asset change while `act` runs, by owner; who gains or loses nothing is left out. */
export function balanceChanges(asset: Asset, act: () => void): Record<string, bigint> {
  const before = new Map(simnet.getAssetsMap().get(asset.id));
  act();
  const after = new Map(simnet.getAssetsMap().get(asset.id));
  const changes: Record<string, bigint> = {};
  for (const owner of new Set([...before.keys(), ...after.keys()])) {
    const change = (after.get(owner) ?? 0n) - (before.get(owner) ?? 0n);
    if (change !== 0n) changes[owner] = change;
  }
  return changes;
}

// --- Clarity values

export const optional = <T>(value: T | null | undefined, encode: (value: T) => ClarityValue): ClarityValue =>
  value === null || value === undefined ? Cl.none() : Cl.some(encode(value));
const reference = (text: string): ClarityValue => {
  references.add(text);
  return Cl.stringAscii(text);
};

/** A Clarity value as a plain one: none is null, (some x) is x, a response is {ok} or {err}. */
export function plain(value: ClarityValue): Plain {
  switch (value.type) {
    case ClarityType.UInt:
    case ClarityType.Int:
      return BigInt(value.value);
    case ClarityType.BoolTrue:
      return true;
    case ClarityType.BoolFalse:
      return false;
    case ClarityType.StringASCII:
    case ClarityType.StringUTF8:
      return value.value;
    case ClarityType.OptionalNone:
      return null;
    case ClarityType.OptionalSome:
      return plain(value.value);
    case ClarityType.ResponseOk:
      return { ok: plain(value.value) };
    case ClarityType.ResponseErr:
      return { err: plain(value.value) };
    case ClarityType.List:
      return value.value.map(plain);
    case ClarityType.Tuple:
      return Object.fromEntries(Object.entries(value.value).map(([key, field]) => [key, plain(field)]));
    default:
      return cvToString(value);
  }
}

// --- Calls

type SimnetEvent = ReturnType<Simnet["callPublicFn"]>["events"][number];

function plainEvent({ event, data }: SimnetEvent): Print | Transfer {
  if (event === "print_event" && data.value) {
    const printed = { contract: String(data.contract_identifier), print: plain(data.value) as PlainTuple };
    printLog.push({ ...printed, hex: String(data.raw_value) });
    return printed;
  }
  if (event === "stx_transfer_event" || event === "ft_transfer_event") {
    return {
      transfer: event === "stx_transfer_event" ? "STX" : String(data.asset_identifier),
      from: String(data.sender),
      to: String(data.recipient),
      amount: BigInt(String(data.amount)),
    };
  }
  throw new Error(`unexpected event ${event}`);
}

/** Calls a public function of any contract. */
export function send(contractId: string, name: string, args: ClarityValue[], sender: string): Outcome {
  const { result, events, costs } = simnet.callPublicFn(contractId, name, args, sender);
  return {
    result: plain(result) as Result,
    events: events.filter(({ event }) => !event.endsWith("mint_event")).map(plainEvent),
    costs: known(costs),
  };
}

function known(costs: Costs | null): Costs {
  if (costs === null) throw new Error("simnet reported no costs");
  return costs;
}

/** Calls a read-only function of recoup-core; also answers what the call cost. */
export function readWithCosts(name: string, args: ClarityValue[]): { value: Plain; costs: Costs } {
  const { result, costs } = simnet.callReadOnlyFn(CORE, name, args, STRANGER);
  return { value: plain(result), costs: known(costs) };
}

/** Calls a read-only function of recoup-core. */
export const read = (name: string, ...args: ClarityValue[]): Plain => readWithCosts(name, args).value;

export interface InvoiceTerms {
  amount?: bigint;
  asset?: Asset;
  expiresIn?: bigint;
  refundWindow?: bigint;
  minPayment?: bigint;
  onlyPayer?: string;
  reference?: string;
  memo?: string;
}

export function createInvoice(terms: InvoiceTerms = {}, sender = MERCHANT): Outcome {
  return send(
    CORE,
    "create-invoice",
    [
      Cl.uint(terms.amount ?? 100n),
      optional((terms.asset ?? STX).token, Cl.principal),
      Cl.uint(terms.expiresIn ?? 1000n),
      optional(terms.refundWindow, Cl.uint),
      optional(terms.minPayment, Cl.uint),
      optional(terms.onlyPayer, Cl.principal),
      optional(terms.reference, reference),
      optional(terms.memo, Cl.stringUtf8),
    ],
    sender,
  );
}

export const cancelInvoice = (invoiceId: bigint, sender = MERCHANT): Outcome =>
  send(CORE, "cancel-invoice", [Cl.uint(invoiceId)], sender);

export const extendRefundWindow = (invoiceId: bigint, newWindow: bigint, sender = MERCHANT): Outcome =>
  send(CORE, "extend-refund-window", [Cl.uint(invoiceId), Cl.uint(newWindow)], sender);

export const setOperator = (operator: string, mayRefund: boolean, mayInvoice: boolean, sender = MERCHANT): Outcome =>
  send(CORE, "set-operator", [Cl.principal(operator), Cl.bool(mayRefund), Cl.bool(mayInvoice)], sender);

export interface Payment {
  invoiceId?: bigint;
  merchant?: string;
  amount?: bigint;
  asset?: Asset;
}

/** pay-stx or pay-ft, by the asset. */
export function pay(payment: Payment = {}, sender = PAYER): Outcome {
  const { invoiceId = 1n, merchant = MERCHANT, amount = 100n, asset = STX } = payment;
  const args = [Cl.uint(invoiceId), Cl.principal(merchant), Cl.uint(amount)];
  return asset.token === null
    ? send(CORE, "pay-stx", args, sender)
    : send(CORE, "pay-ft", [...args, Cl.principal(asset.token)], sender);
}

export interface Refund {
  invoiceId?: bigint;
  payer?: string;
  amount?: bigint;
  expectedRefunded?: bigint;
  reference?: string;
  reason?: string;
}

/** refund-stx or refund-ft, by the asset. */
export function refund(refund: Refund & { asset?: Asset } = {}, sender = MERCHANT): Outcome {
  const { invoiceId = 1n, payer = PAYER, amount = 100n, asset = STX, expectedRefunded = 0n } = refund;
  const first = [Cl.uint(invoiceId), Cl.principal(payer), Cl.uint(amount)];
  const last = [
    Cl.uint(expectedRefunded),
    optional(refund.reference, reference),
    optional(refund.reason, Cl.stringUtf8),
  ];
  return asset.token === null
    ? send(CORE, "refund-stx", [...first, ...last], sender)
    : send(CORE, "refund-ft", [...first, Cl.principal(asset.token), ...last], sender);
}

/** refund-many-stx or refund-many-ft, by the asset. */
export function refundMany(refunds: Refund[], asset: Asset = STX, sender = MERCHANT): Outcome {
  const batch = Cl.list(
    refunds.map((refund) =>
      Cl.tuple({
        "invoice-id": Cl.uint(refund.invoiceId ?? 1n),
        payer: Cl.principal(refund.payer ?? PAYER),
        amount: Cl.uint(refund.amount ?? 100n),
        "expected-refunded": Cl.uint(refund.expectedRefunded ?? 0n),
        reference: optional(refund.reference, reference),
        reason: optional(refund.reason, Cl.stringUtf8),
      }),
    ),
  );
  return asset.token === null
    ? send(CORE, "refund-many-stx", [batch], sender)
    : send(CORE, "refund-many-ft", [batch, Cl.principal(asset.token)], sender);
}

// --- Reads

export const getInvoice = (id: bigint) => read("get-invoice", Cl.uint(id)) as PlainTuple;
export const getLedger = (id: bigint, payer: string) => read("get-ledger", Cl.uint(id), Cl.principal(payer));
export const getRefund = (id: bigint) => read("get-refund", Cl.uint(id)) as PlainTuple;
export const getRefundable = (id: bigint, payer: string) => read("get-refundable", Cl.uint(id), Cl.principal(payer));
export const getDeadline = (id: bigint, payer: string) => read("get-deadline", Cl.uint(id), Cl.principal(payer));
export const getOperator = (operator: string, merchant = MERCHANT) =>
  read("get-operator", Cl.principal(merchant), Cl.principal(operator));
export const getQuote = (id: bigint, payer: string, text: string | null = null) =>
  read("get-refund-quote", Cl.uint(id), Cl.principal(payer), optional(text, Cl.stringAscii)) as PlainTuple | null;

// --- What must hold after a call

/** The one event of recoup-core in an outcome. */
export function coreEvent(outcome: Outcome): PlainTuple {
  const prints = outcome.events.filter((event): event is Print => "print" in event && event.contract === CORE);
  expect(prints).toHaveLength(1);
  return prints[0]!.print;
}

export const transferOf = (asset: Asset, from: string, to: string, amount: bigint): Transfer => ({
  transfer: asset.token === null ? "STX" : `${asset.token}::${assetName(asset)}`,
  from,
  to,
  amount,
});

/** An entry of one of recoup-core's maps as it is stored; quicker than a read-only call. */
export function entry(map: string, key: ClarityValue): Plain {
  try {
    return plain(simnet.getMapEntry(CORE, map, key));
  } catch (error) {
    if (error === "value not found") return null;
    throw error;
  }
}

/** Every balance, and every entry of recoup-core's maps that a test can have written. */
export function chainState(): Plain {
  const people = [MERCHANT, OTHER_MERCHANT, PAYER, OTHER_PAYER, OPERATOR, STRANGER, RELAY, SMART_WALLET, BILLING_OPERATOR];
  const lastId = (name: string) => plain(simnet.getDataVar(CORE, name)) as bigint;
  const ids = { invoice: lastId("last-invoice-id"), refund: lastId("last-refund-id") };
  // One beyond the last, so that a record without its id would show.
  const upTo = (last: bigint) => Array.from({ length: Number(last) + 1 }, (_, index) => Cl.uint(index + 1));
  const invoices = upTo(ids.invoice).map((id) => ({ id, invoice: entry("invoices", id) as PlainTuple | null }));
  const merchants = new Set(invoices.map(({ invoice }) => String(invoice?.["merchant"] ?? MERCHANT)));
  const byReference = (map: string) =>
    [...merchants].flatMap((merchant) =>
      [...references].flatMap((text) => {
        const id = entry(map, Cl.tuple({ merchant: Cl.principal(merchant), reference: Cl.stringAscii(text) }));
        return id === null ? [] : [`${merchant} ${text} ${id}`];
      }),
    );
  return {
    ids,
    balances: [...simnet.getAssetsMap()].flatMap(([asset, owners]) =>
      [...owners].map(([owner, amount]) => `${asset} ${owner} ${amount}`).sort(),
    ),
    invoices: invoices.map(({ id, invoice }) => [
      invoice,
      entry("notes", id),
      ...people.map((payer) => entry("ledger", Cl.tuple({ id, payer: Cl.principal(payer) }))),
      ...upTo(BigInt((invoice?.["payer-count"] as bigint | undefined) ?? 0n)).map((index) =>
        entry("payers", Cl.tuple({ id, index: Cl.uint(BigInt(index.value) - 1n) })),
      ),
    ]),
    refunds: upTo(ids.refund).map((id) => entry("refunds", id)),
    references: { invoices: byReference("invoice-references"), refunds: byReference("refund-references") },
    operators: [MERCHANT, OTHER_MERCHANT, RELAY, SMART_WALLET].flatMap((merchant) =>
      people.map((operator) =>
        entry("operators", Cl.tuple({ merchant: Cl.principal(merchant), operator: Cl.principal(operator) })),
      ),
    ),
  };
}

/** The call is refused with this code, prints and moves nothing, and leaves everything as it was. */
export function expectRefused(code: number, call: () => Outcome): void {
  const before = chainState();
  const outcome = call();
  expect(outcome.result).toEqual({ err: BigInt(code) });
  expect(outcome.events).toEqual([]);
  expect(chainState()).toEqual(before);
}

/** The call succeeds; answers the value in its (ok ..). */
export function expectOk(outcome: Outcome): Plain {
  expect(outcome.result).toHaveProperty("ok");
  return "ok" in outcome.result ? outcome.result.ok : null;
}

// --- Common beginnings

/** Creates an invoice and answers its id. */
export const givenInvoice = (terms: InvoiceTerms = {}, sender = MERCHANT): bigint =>
  expectOk(createInvoice(terms, sender)) as bigint;

/** An invoice that PAYER paid in full; answers its id. */
export function givenPaidInvoice(terms: InvoiceTerms = {}, payer = PAYER): bigint {
  const invoiceId = givenInvoice(terms);
  expectOk(pay({ invoiceId, amount: terms.amount ?? 100n, asset: terms.asset ?? STX }, payer));
  return invoiceId;
}

/** An invoice in instalments, of which PAYER paid 60 and OTHER_PAYER paid 40 of 100; answers its id. */
export function givenInvoicePaidByTwo(terms: InvoiceTerms = {}): bigint {
  const asset = terms.asset ?? STX;
  const invoiceId = givenInvoice({ minPayment: 10n, ...terms, amount: 100n });
  expectOk(pay({ invoiceId, amount: 60n, asset }, PAYER));
  expectOk(pay({ invoiceId, amount: 40n, asset }, OTHER_PAYER));
  return invoiceId;
}
