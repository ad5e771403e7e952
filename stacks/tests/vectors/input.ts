/**
 * What a generated case is made from, as it stands in the JSON lines, and how `@stacks/transactions` makes it.
 * The Rust test reads the same inputs and makes the same things with our own code.
 */
import {
  AddressHashMode,
  Cl,
  PostConditionMode,
  StacksTransactionWire,
  TransactionSigner,
  createCoinbasePayload,
  createContractCallPayload,
  createLPList,
  createMultiSigSpendingCondition,
  createNakamotoCoinbasePayload,
  createSingleSigSpendingCondition,
  createSmartContractPayload,
  createSponsoredAuth,
  createStandardAuth,
  createTenureChangePayload,
  createTokenTransferPayload,
  noneCV,
  postConditionToWire,
  principalCV,
  privateKeyToPublic,
  someCV,
} from "@stacks/transactions";
import type {
  ClarityValue,
  ClarityVersion,
  MultiSigHashMode,
  PayloadInput,
  PostCondition,
  SingleSigHashMode,
  SpendingCondition,
} from "@stacks/transactions";

/** Numbers are decimal text: JSON would lose the large ones. */
export type ValueInput =
  | { type: "int" | "uint" | "buffer" | "principal" | "ascii" | "utf8"; value: string }
  | { type: "bool"; value: boolean }
  | { type: "ok" | "err" | "some"; value: ValueInput }
  | { type: "none" }
  | { type: "list"; value: ValueInput[] }
  | { type: "tuple"; value: Record<string, ValueInput> };

export type FungibleComparator = "eq" | "gt" | "gte" | "lt" | "lte";

/** `address` is a principal or `origin`. */
export type ConditionInput =
  | { type: "stx" | "staking"; address: string; condition: FungibleComparator; amount: string }
  | { type: "ft"; address: string; condition: FungibleComparator; amount: string; asset: `${string}.${string}::${string}` }
  | { type: "nft"; address: string; condition: "sent" | "not-sent" | "maybe-sent"; asset: `${string}.${string}::${string}`; token: ValueInput }
  | { type: "pox"; address: string; condition: "will-not-perform" | "may-perform" | "will-perform" };

export type PayloadCase =
  | { type: "token-transfer"; recipient: string; amount: string; memo: string }
  | { type: "contract-call"; contract: string; function: string; arguments: ValueInput[] }
  | { type: "smart-contract"; clarityVersion: number | null; name: string; source: string }
  | { type: "coinbase"; data: string; recipient: string | null; vrfProof: string | null }
  | {
      type: "tenure-change";
      tenure: string;
      previousTenure: string;
      burnView: string;
      previousTenureEnd: string;
      previousTenureBlocks: number;
      cause: number;
      minerKeyHash: string;
    };

/** A secret key ends in `01` when its public key is compressed. */
export type AccountInput =
  | { type: "single"; hashMode: number; secret: string; nonce: string; fee: string }
  | { type: "multi"; hashMode: number; required: number; keys: { secret: string; signs: boolean }[]; nonce: string; fee: string };

export interface TransactionInput {
  network: "mainnet" | "testnet";
  chainId: number;
  anchorMode: number;
  mode: "allow" | "deny" | "originator";
  conditions: ConditionInput[];
  payload: PayloadCase;
  origin: AccountInput;
  sponsor: AccountInput | null;
}

export function toValue(input: ValueInput): ClarityValue {
  switch (input.type) {
    case "int":
      return Cl.int(BigInt(input.value));
    case "uint":
      return Cl.uint(BigInt(input.value));
    case "buffer":
      return Cl.bufferFromHex(input.value);
    case "principal":
      return Cl.address(input.value);
    case "ascii":
      return Cl.stringAscii(input.value);
    case "utf8":
      return Cl.stringUtf8(input.value);
    case "bool":
      return Cl.bool(input.value);
    case "ok":
      return Cl.ok(toValue(input.value));
    case "err":
      return Cl.error(toValue(input.value));
    case "some":
      return Cl.some(toValue(input.value));
    case "none":
      return Cl.none();
    case "list":
      return Cl.list(input.value.map(toValue));
    case "tuple":
      return Cl.tuple(Object.fromEntries(Object.entries(input.value).map(([name, value]) => [name, toValue(value)])));
  }
}

function toCondition(input: ConditionInput): PostCondition {
  switch (input.type) {
    case "stx":
      return { type: "stx-postcondition", address: input.address, condition: input.condition, amount: input.amount };
    case "staking":
      return { type: "staking-postcondition", address: input.address, condition: input.condition, amount: input.amount };
    case "ft":
      return {
        type: "ft-postcondition",
        address: input.address,
        condition: input.condition,
        amount: input.amount,
        asset: input.asset,
      };
    case "nft":
      return {
        type: "nft-postcondition",
        address: input.address,
        condition: input.condition,
        asset: input.asset,
        assetId: toValue(input.token),
      };
    case "pox":
      return { type: "pox-postcondition", address: input.address, condition: input.condition };
  }
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function toPayload(input: PayloadCase): PayloadInput {
  switch (input.type) {
    case "token-transfer":
      return createTokenTransferPayload(input.recipient, BigInt(input.amount), input.memo);
    case "contract-call": {
      const [address, name] = input.contract.split(".") as [string, string];
      return createContractCallPayload(address, name, input.function, input.arguments.map(toValue));
    }
    case "smart-contract":
      return createSmartContractPayload(
        input.name,
        input.source,
        input.clarityVersion === null ? undefined : (input.clarityVersion as ClarityVersion),
      );
    case "coinbase": {
      const recipient = input.recipient === null ? undefined : principalCV(input.recipient);
      if (input.vrfProof === null) return createCoinbasePayload(bytes(input.data), recipient);
      const optional = recipient === undefined ? noneCV() : someCV(recipient);
      return createNakamotoCoinbasePayload(bytes(input.data), optional, bytes(input.vrfProof));
    }
    case "tenure-change":
      return createTenureChangePayload(
        input.tenure,
        input.previousTenure,
        input.burnView,
        input.previousTenureEnd,
        input.previousTenureBlocks,
        input.cause,
        input.minerKeyHash,
      );
  }
}

const publicKeys = new Map<string, string>();

/** The curve is slow here, and the cases share a few keys. */
export function publicKey(secret: string): string {
  const known = publicKeys.get(secret) ?? (privateKeyToPublic(secret) as string);
  publicKeys.set(secret, known);
  return known;
}

function toSpendingCondition(account: AccountInput): SpendingCondition {
  if (account.type === "single") {
    return createSingleSigSpendingCondition(
      account.hashMode as SingleSigHashMode,
      publicKey(account.secret),
      BigInt(account.nonce),
      BigInt(account.fee),
    );
  }
  return createMultiSigSpendingCondition(
    account.hashMode as MultiSigHashMode,
    account.required,
    account.keys.map((key) => publicKey(key.secret)),
    BigInt(account.nonce),
    BigInt(account.fee),
  );
}

function signOrigin(transaction: StacksTransactionWire, account: AccountInput): void {
  const signer = new TransactionSigner(transaction);
  if (account.type === "single") {
    signer.signOrigin(account.secret);
    return;
  }
  for (const key of account.keys) {
    if (key.signs) signer.signOrigin(key.secret);
    else signer.appendOrigin(publicKey(key.secret));
  }
}

/** The transaction before and after signing, by the library. */
export function makeTransaction(input: TransactionInput): { unsigned: string; signed: string; txid: string } {
  const origin = toSpendingCondition(input.origin);
  const transaction = new StacksTransactionWire({
    network: input.network,
    chainId: input.chainId,
    auth: input.sponsor === null ? createStandardAuth(origin) : createSponsoredAuth(origin),
    payload: toPayload(input.payload),
    postConditions: createLPList(input.conditions.map(toCondition).map(postConditionToWire)),
    postConditionMode: { allow: PostConditionMode.Allow, deny: PostConditionMode.Deny, originator: PostConditionMode.Originator }[
      input.mode
    ],
  });
  transaction.anchorMode = input.anchorMode;
  if (input.sponsor !== null) transaction.setSponsor(toSpendingCondition(input.sponsor));
  const unsigned = transaction.serialize();
  signOrigin(transaction, input.origin);
  if (input.sponsor !== null) {
    if (input.sponsor.type !== "single") throw new Error("generated sponsors have one key only");
    // Not TransactionSigner.createSponsorSigner: it refuses a sender of several keys that is fully signed.
    transaction.signNextSponsor(transaction.verifyOrigin(), input.sponsor.secret);
  }
  return { unsigned, signed: transaction.serialize(), txid: transaction.txid() };
}

export const HASH_MODES = {
  single: [AddressHashMode.P2PKH, AddressHashMode.P2WPKH],
  multi: [
    AddressHashMode.P2SH,
    AddressHashMode.P2WSH,
    AddressHashMode.P2SHNonSequential,
    AddressHashMode.P2WSHNonSequential,
  ],
} as const;
