/**
 * The matrix: every payload with every kind of account, every kind of post-condition and, for calls, every type
 * of argument. Networks, modes, anchor modes and condition codes turn with the cases, and a second list has every
 * condition code with every principal and mode.
 */
import { HASH_MODES } from "./input.ts";
import type { AccountInput, ConditionInput, FungibleComparator, PayloadCase, TransactionInput, ValueInput } from "./input.ts";

/** Published keys of Clarinet's devnet. Never to hold anything of value. */
export const DEVNET_SECRETS = [
  "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601",
  "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801",
  "530d9f61984c888536871c6573073bdfc0058896dc1adfe9a6a10dfacadc209101",
] as const;

export const ADDRESSES = [
  "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
  "SP000000000000000000002Q6VF78",
  "SN2QE43MMXFDMAT3TPRGQ38BQ50VSRMBRQ6B16W5J",
] as const;
export const CONTRACTS = [`${ADDRESSES[0]}.recoup-core`, `${ADDRESSES[1]}.a`, `${ADDRESSES[2]}.${"n".repeat(40)}`] as const;

const MAX_UINT = (2n ** 128n - 1n).toString();
const MAX_INT = (2n ** 127n - 1n).toString();
const MIN_INT = (-(2n ** 127n)).toString();

export const ARGUMENTS: Record<string, ValueInput> = {
  "int-zero": { type: "int", value: "0" },
  "int-minus-one": { type: "int", value: "-1" },
  "int-least": { type: "int", value: MIN_INT },
  "int-greatest": { type: "int", value: MAX_INT },
  "uint-zero": { type: "uint", value: "0" },
  "uint-greatest": { type: "uint", value: MAX_UINT },
  "buffer": { type: "buffer", value: "00ff10" },
  "buffer-empty": { type: "buffer", value: "" },
  "true": { type: "bool", value: true },
  "false": { type: "bool", value: false },
  "principal-standard": { type: "principal", value: ADDRESSES[0] },
  "principal-contract": { type: "principal", value: CONTRACTS[0] },
  "ok": { type: "ok", value: { type: "bool", value: true } },
  "err": { type: "err", value: { type: "uint", value: "1001" } },
  "none": { type: "none" },
  "some": { type: "some", value: { type: "principal", value: CONTRACTS[1] } },
  "list": { type: "list", value: [{ type: "uint", value: "1" }, { type: "uint", value: "2" }] },
  "list-empty": { type: "list", value: [] },
  "tuple": {
    type: "tuple",
    value: { payer: { type: "principal", value: ADDRESSES[1] }, amount: { type: "uint", value: "5" }, reason: { type: "none" } },
  },
  "ascii": { type: "ascii", value: "order 17 \"x\" \\" },
  "ascii-empty": { type: "ascii", value: "" },
  "utf8": { type: "utf8", value: "naïve 日本 🙂" },
  "nested": {
    type: "list",
    value: [{ type: "tuple", value: { a: { type: "some", value: { type: "ok", value: { type: "list", value: [{ type: "none" }] } } } } }],
  },
};

const hex = (byte: string, length: number): string => byte.repeat(length);

export function payloads(): PayloadCase[] {
  const call = (values: ValueInput[]): PayloadCase => ({
    type: "contract-call",
    contract: CONTRACTS[0],
    function: "refund-stx",
    arguments: values,
  });
  const transfers: PayloadCase[] = [
    { type: "token-transfer", recipient: ADDRESSES[0], amount: "1", memo: "" },
    { type: "token-transfer", recipient: CONTRACTS[0], amount: (2n ** 64n - 1n).toString(), memo: "é".repeat(17) },
  ];
  const deploys = [null, 1, 2, 3, 4, 5, 6].map(
    (clarityVersion): PayloadCase => ({
      type: "smart-contract",
      clarityVersion,
      name: "recoup-core",
      source: ";; one\n\t(define-constant A u1)\n",
    }),
  );
  const coinbases = [null, ADDRESSES[0], CONTRACTS[0]].flatMap((recipient) =>
    [null, hex("7e", 80)].map(
      (vrfProof): PayloadCase => ({ type: "coinbase", data: hex("c0", 32), recipient, vrfProof }),
    ),
  );
  const tenures = [0, 1, 2, 3, 4, 5, 6].map(
    (cause): PayloadCase => ({
      type: "tenure-change",
      tenure: hex("a1", 20),
      previousTenure: hex("a2", 20),
      burnView: hex("a3", 20),
      previousTenureEnd: hex("b4", 32),
      previousTenureBlocks: 4_294_967_295,
      cause,
      minerKeyHash: hex("d5", 20),
    }),
  );
  const calls = [call([]), call(Object.values(ARGUMENTS)), ...Object.values(ARGUMENTS).map((value) => call([value]))];
  return [...transfers, ...deploys, ...coinbases, ...tenures, ...calls];
}

export function single(hashMode: number, secret: string, nonce = "7", fee = "1500"): AccountInput {
  return { type: "single", hashMode, secret, nonce, fee };
}

export function multi(hashMode: number, required: number, signing: boolean[]): AccountInput {
  const keys = signing.map((signs, index) => ({ secret: DEVNET_SECRETS[index % 3] ?? DEVNET_SECRETS[0], signs }));
  return { type: "multi", hashMode, required, keys, nonce: "0", fee: "18446744073709551615" };
}

/** Pairs of sender and sponsor. */
export function accounts(): [AccountInput, AccountInput | null][] {
  const uncompressed = DEVNET_SECRETS[0].slice(0, 64);
  const [p2sh, p2wsh, p2shAnyOrder, p2wshAnyOrder] = HASH_MODES.multi;
  const sponsor = single(0, DEVNET_SECRETS[1], "99", "2000");
  return [
    [single(0, DEVNET_SECRETS[0]), null],
    [single(0, uncompressed), null],
    [single(2, DEVNET_SECRETS[0]), null],
    [multi(p2sh, 2, [true, false, true]), null],
    [multi(p2wsh, 2, [false, true, true]), null],
    [multi(p2shAnyOrder, 2, [true, false, true]), null],
    [multi(p2wshAnyOrder, 1, [true, true, false]), null],
    [multi(p2sh, 1, [true]), null],
    [single(0, DEVNET_SECRETS[0], "7", "0"), sponsor],
    [multi(p2sh, 2, [true, true, false]), sponsor],
    [multi(p2wshAnyOrder, 2, [false, true, true]), single(2, DEVNET_SECRETS[2], "0", "1")],
  ];
}

const COMPARATORS: FungibleComparator[] = ["eq", "gt", "gte", "lt", "lte"];

/** Every kind of condition with every code and every principal. */
export function conditions(): ConditionInput[] {
  const asset = `${CONTRACTS[0]}::recoup-token` as const;
  const amounts = ["0", "1", (2n ** 64n - 1n).toString()];
  const tokens = Object.values(ARGUMENTS);
  return ["origin", ADDRESSES[0], CONTRACTS[0]].flatMap((address, place): ConditionInput[] => [
    ...COMPARATORS.flatMap((condition, index): ConditionInput[] => {
      const amount = amounts[(index + place) % amounts.length] ?? "0";
      return [
        { type: "stx", address, condition, amount },
        { type: "ft", address, condition, amount, asset },
        { type: "staking", address, condition, amount },
      ];
    }),
    ...(["sent", "not-sent", "maybe-sent"] as const).map((condition, index): ConditionInput => {
      const token = tokens[(place * 3 + index) % tokens.length] ?? { type: "none" };
      return { type: "nft", address, condition, asset, token };
    }),
    ...(["will-not-perform", "may-perform", "will-perform"] as const).map(
      (condition): ConditionInput => ({ type: "pox", address, condition }),
    ),
  ]);
}

const NETWORKS = [
  { network: "mainnet", chainId: 1 },
  { network: "testnet", chainId: 0x80000000 },
  { network: "testnet", chainId: 0x12345678 },
] as const;
export const MODES = ["allow", "deny", "originator"] as const;

export function* matrix(): Generator<TransactionInput> {
  const every = conditions();
  const kinds = ["stx", "ft", "nft", "staking", "pox"].map((kind) => every.filter((one) => one.type === kind));
  let turn = 0;
  const next = <T>(list: readonly T[]): T => list[turn % list.length] as T;
  for (const payload of payloads()) {
    for (const [origin, sponsor] of accounts()) {
      for (const kind of [[], ...kinds, every]) {
        turn += 1;
        const some = kind === every ? every : kind.length === 0 ? [] : [next(kind)];
        const anchorMode = payload.type === "coinbase" ? 1 : next([3, 1, 2]);
        yield { ...next(NETWORKS), anchorMode, mode: next(MODES), conditions: some, payload, origin, sponsor };
      }
    }
  }
  for (const condition of every) {
    for (const mode of MODES) {
      const [payload] = payloads() as [PayloadCase];
      const origin = single(0, DEVNET_SECRETS[0]);
      yield { ...NETWORKS[1], anchorMode: 3, mode, conditions: [condition], payload, origin, sponsor: null };
    }
  }
}
