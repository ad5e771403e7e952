/** A posted transaction: decoded, and what the chain needs to know of it. */
import {
  addressFromVersionHash,
  addressToString,
  AddressHashMode,
  AddressVersion,
  AuthType,
  BytesReader,
  Cl,
  deserializeTransaction,
  intoInitialSighashAuth,
  PayloadType,
  serializeAuthorization,
  serializePayload,
} from "@stacks/transactions";
import type { StacksTransactionWire } from "@stacks/transactions";
import { sha512Half } from "../hashes.ts";
import { isWellFormed } from "./clarity-values.ts";
import type { VmAction, VmTransaction } from "../vm/types.ts";

export interface Signer {
  address: string;
  nonce: bigint;
}

export interface DecodedTransaction {
  readonly wire: StacksTransactionWire;
  /** Hex, no 0x. */
  readonly txid: string;
  readonly raw: string;
  readonly origin: Signer;
  /** The sponsor, or the origin again: who pays the fee. */
  readonly payer: Signer;
  readonly sponsored: boolean;
  readonly fee: bigint;
}

/** The bytes are no transaction. */
export class UndecodableTransaction extends Error {}

/** Decodes a transaction and ignores bytes behind it, as a node does. */
export function decodeTransaction(bytes: Uint8Array): DecodedTransaction {
  const reader = new BytesReader(bytes);
  let wire: StacksTransactionWire;
  try {
    wire = deserializeTransaction(reader);
  } catch (error) {
    throw new UndecodableTransaction("not a transaction", { cause: error });
  }
  // The decoder reads over the end of a truncated memo.
  if (reader.consumed > bytes.length) throw new UndecodableTransaction("truncated");
  const raw = Buffer.from(bytes.subarray(0, reader.consumed)).toString("hex");
  if (!isExact(wire, raw)) throw new UndecodableTransaction("the payload does not read back as it was");
  const { auth } = wire;
  const origin = signerOf(auth.spendingCondition);
  const sponsored = auth.authType === AuthType.Sponsored;
  return {
    wire,
    txid: sha512Half(raw),
    raw,
    origin,
    payer: sponsored ? signerOf(auth.sponsorSpendingCondition) : origin,
    sponsored,
    fee: BigInt(sponsored ? auth.sponsorSpendingCondition.fee : auth.spendingCondition.fee),
  };
}

/** The decoder mends strings that are none: what it read must be what stands there. Memos may be any bytes. */
function isExact({ payload }: StacksTransactionWire, raw: string): boolean {
  const bytes = serializePayload(payload);
  switch (payload.payloadType) {
    case PayloadType.TokenTransfer:
      return isWellFormed(payload.recipient);
    case PayloadType.ContractCall:
      return raw.endsWith(bytes) && payload.functionArgs.every(isWellFormed);
    default:
      return raw.endsWith(bytes);
  }
}

/** Version and chain id. */
const HEAD_HEX_LENGTH = 10;

/** What the origin signs first: the transaction's own bytes, with the authorisation emptied. */
export function initialSigHash({ wire, raw }: DecodedTransaction): string {
  const bodyStart = HEAD_HEX_LENGTH + serializeAuthorization(wire.auth).length;
  const emptied = serializeAuthorization(intoInitialSighashAuth(wire.auth));
  return sha512Half(raw.slice(0, HEAD_HEX_LENGTH) + emptied + raw.slice(bodyStart));
}

/** Memos are 34 bytes at the end of a token transfer. */
const MEMO_HEX_LENGTH = 68;

type SpendingCondition = StacksTransactionWire["auth"]["spendingCondition"];

const SINGLE_SIG_MODES: readonly AddressHashMode[] = [AddressHashMode.P2PKH, AddressHashMode.P2WPKH];

function signerOf({ hashMode, signer, nonce }: SpendingCondition): Signer {
  const version = SINGLE_SIG_MODES.includes(hashMode)
    ? AddressVersion.TestnetSingleSig
    : AddressVersion.TestnetMultiSig;
  return { address: addressToString(addressFromVersionHash(version, signer)), nonce: BigInt(nonce) };
}

/** "ADDR.name" of the contract that the transaction deploys or calls. */
export function contractOf({ wire, origin }: DecodedTransaction): string | null {
  const { payload } = wire;
  switch (payload.payloadType) {
    case PayloadType.ContractCall:
      return `${addressToString(payload.contractAddress)}.${payload.contractName.content}`;
    case PayloadType.SmartContract:
    case PayloadType.VersionedSmartContract:
      return `${origin.address}.${payload.contractName.content}`;
    default:
      return null;
  }
}

function actionOf(transaction: DecodedTransaction): VmAction {
  const { payload } = transaction.wire;
  switch (payload.payloadType) {
    case PayloadType.TokenTransfer: {
      const memo = transaction.raw.slice(-MEMO_HEX_LENGTH);
      return { kind: "transfer", recipient: payload.recipient.value, amount: payload.amount, memo };
    }
    case PayloadType.ContractCall:
      return {
        kind: "call",
        contract: contractOf(transaction) as string,
        function: payload.functionName.content,
        arguments: payload.functionArgs.map((value) => Buffer.from(Cl.serialize(value), "hex")),
      };
    case PayloadType.SmartContract:
    case PayloadType.VersionedSmartContract:
      return {
        kind: "deploy",
        name: payload.contractName.content,
        source: payload.codeBody.content,
        clarityVersion: "clarityVersion" in payload ? payload.clarityVersion : undefined,
      };
    default:
      throw new Error(`a payload of type ${payload.payloadType} never passes admission`);
  }
}

export function toVmTransaction(transaction: DecodedTransaction): VmTransaction {
  const { wire, txid, origin, payer, fee } = transaction;
  return {
    txid,
    origin: origin.address,
    payer: payer.address,
    fee,
    action: actionOf(transaction),
    postConditions: wire.postConditions.values,
    postConditionMode: wire.postConditionMode,
  };
}
