/**
 * What a node checks before it lets a transaction into its mempool, in the node's order (stacks-core,
 * `will_admit_mempool_tx`): signature, fee floor, nonces, funds, payload.
 */
import {
  addressFromPublicKeys,
  AddressVersion,
  AuthType,
  Cl,
  createAddress,
  nextVerification,
  PayloadType,
  PostConditionType,
  verifyOrigin,
} from "@stacks/transactions";
import type { ContractCallPayload, TokenTransferPayloadWire } from "@stacks/transactions";
import { TESTNET_CHAIN_ID, TESTNET_VERSIONS, TRANSACTION_VERSION } from "../accounts.ts";
import { fits, typeName, typeOf } from "./abi.ts";
import { nonceAfter } from "./mempool.ts";
import { contractOf, initialSigHash } from "./transaction.ts";
import type { DecodedTransaction, Signer } from "./transaction.ts";
import type { StacksBlock } from "./types.ts";

/** A node's 400 answer: `reason_data` is left out when there is none. */
export class Rejection extends Error {
  readonly reason: string;
  readonly data: Record<string, unknown> | undefined;

  constructor(reason: string, data?: Record<string, unknown>) {
    super(reason);
    this.reason = reason;
    this.data = data;
  }
}

/** Unconfirmed transactions per account. */
const MAXIMUM_CHAINING = 25n;
const FEE_PER_BYTE = 1n;

export interface AdmissionContext {
  readonly tip: StacksBlock;
  /** Spendable balance in uSTX at the tip. */
  balanceOf(principal: string): Promise<bigint>;
}

/** Throws a `Rejection`. */
export async function checkAdmission(transaction: DecodedTransaction, context: AdmissionContext): Promise<void> {
  checkNetwork(transaction);
  checkSignature(transaction);
  checkFee(transaction);
  checkNonce(transaction.origin, true, context.tip);
  if (transaction.sponsored) checkNonce(transaction.payer, false, context.tip);
  await checkFunds(transaction, context);
  checkPayload(transaction, context.tip);
}

function checkNetwork({ wire }: DecodedTransaction): void {
  if (wire.transactionVersion !== TRANSACTION_VERSION) throw new Rejection("BadTransactionVersion");
}

function checkSignature(transaction: DecodedTransaction): void {
  const { wire } = transaction;
  try {
    verifyAll(transaction);
  } catch (error) {
    throw new Rejection("SignatureValidation", { message: error instanceof Error ? error.message : String(error) });
  }
  if (wire.chainId !== TESTNET_CHAIN_ID) throw new Rejection("SignatureValidation", { message: "Invalid chain ID" });
  const unsupported = wire.postConditions.values.some(
    ({ conditionType }) => conditionType === PostConditionType.Staking || conditionType === PostConditionType.PoX,
  );
  if (unsupported)
    throw new Rejection("SignatureValidation", {
      message: "Staking/Pox post-conditions: nobody stacks on the local chain",
    });
}

function verifyAll(transaction: DecodedTransaction): void {
  const { wire } = transaction;
  const afterOrigin = verifyOrigin(wire.auth, initialSigHash(transaction));
  if (wire.auth.authType !== AuthType.Sponsored) return;
  const condition = wire.auth.sponsorSpendingCondition;
  if (!("signature" in condition)) throw new Error("multi-signature sponsors are not supported by the local chain");
  const { pubKey } = nextVerification(
    afterOrigin,
    AuthType.Sponsored,
    condition.fee,
    condition.nonce,
    condition.keyEncoding,
    condition.signature.data,
  );
  const { hash160: hash } = addressFromPublicKeys(AddressVersion.TestnetSingleSig, condition.hashMode, 1, [pubKey]);
  if (hash !== condition.signer)
    throw new Error(`Signer hash does not equal hash of public key(s): ${hash} != ${condition.signer}`);
}

function checkFee({ raw, fee }: DecodedTransaction): void {
  const floor = BigInt(raw.length / 2) * FEE_PER_BYTE;
  if (fee < floor) throw new Rejection("FeeTooLow", { actual: Number(fee), expected: Number(floor) });
}

function checkNonce({ address, nonce }: Signer, isOrigin: boolean, tip: StacksBlock): void {
  const next = nonceAfter(tip.nonces, address);
  const common = { is_origin: isOrigin, principal: address, actual: Number(nonce) };
  if (nonce < next) throw new Rejection("BadNonce", { ...common, expected: Number(next) });
  const last = next + 1n + MAXIMUM_CHAINING;
  if (nonce > last) {
    throw new Rejection("TooMuchChaining", {
      ...common,
      expected: Number(last),
      message: "Nonce would exceed chaining limit in mempool",
    });
  }
}

async function checkFunds(
  { wire, origin, payer, sponsored, fee }: DecodedTransaction,
  context: AdmissionContext,
): Promise<void> {
  const { payload } = wire;
  const payerBalance = await context.balanceOf(payer.address);
  if (payload.payloadType !== PayloadType.TokenTransfer) {
    if (payerBalance < fee) throw notEnoughFunds(fee, payerBalance);
    return;
  }
  checkTransfer(payload, origin.address);
  const needed = sponsored ? payload.amount : payload.amount + fee;
  const originBalance = sponsored ? await context.balanceOf(origin.address) : payerBalance;
  if (originBalance < needed) throw notEnoughFunds(needed, originBalance);
  if (payerBalance < fee) throw notEnoughFunds(fee, payerBalance);
}

function notEnoughFunds(expected: bigint, actual: bigint): Rejection {
  return new Rejection("NotEnoughFunds", { expected: hex128(expected), actual: hex128(actual) });
}

export function hex128(amount: bigint): string {
  return `0x${amount.toString(16).padStart(32, "0")}`;
}

function checkTransfer({ recipient, amount }: TokenTransferPayloadWire, origin: string): void {
  const [address = ""] = recipient.value.split(".");
  if (!TESTNET_VERSIONS.includes(createAddress(address).version)) throw new Rejection("BadAddressVersionByte");
  if (recipient.value === origin)
    throw new Rejection("TransferRecipientCannotEqualSender", { recipient: recipient.value });
  if (amount === 0n) throw new Rejection("TransferAmountMustBePositive");
}

function checkPayload(transaction: DecodedTransaction, tip: StacksBlock): void {
  const { payload } = transaction.wire;
  switch (payload.payloadType) {
    case PayloadType.TokenTransfer:
      return;
    case PayloadType.ContractCall:
      checkCall(transaction, payload, tip);
      return;
    case PayloadType.SmartContract:
    case PayloadType.VersionedSmartContract: {
      const id = contractOf(transaction) as string;
      if (tip.contracts.has(id)) throw new Rejection("ContractAlreadyExists", { contract_identifier: id });
      return;
    }
    case PayloadType.TenureChange:
      throw new Rejection("NoTenureChangeViaMempool");
    case PayloadType.PoisonMicroblock:
      throw new Rejection("PoisonMicroblocksDoNotConflict");
    default:
      throw new Rejection("NoCoinbaseViaMempool");
  }
}

function checkCall(
  transaction: DecodedTransaction,
  { contractAddress, functionName, functionArgs }: ContractCallPayload,
  tip: StacksBlock,
): void {
  if (!TESTNET_VERSIONS.includes(contractAddress.version)) throw new Rejection("BadAddressVersionByte");
  const contract = tip.contracts.get(contractOf(transaction) as string);
  if (contract === undefined) throw new Rejection("NoSuchContract");
  const method = contract.interface.functions.find(
    ({ name, access }) => name === functionName.content && access === "public",
  );
  if (method === undefined) throw new Rejection("NoSuchPublicFunction");
  if (method.args.length !== functionArgs.length) {
    throw new Rejection("BadFunctionArgument", {
      message: `IncorrectArgumentCount(${method.args.length}, ${functionArgs.length})`,
    });
  }
  method.args.forEach(({ type }, index) => {
    const value = functionArgs[index] ?? Cl.none();
    if (!fits(value, type)) {
      throw new Rejection("BadFunctionArgument", {
        message: `TypeError(${typeName(type)}, ${typeName(typeOf(value))})`,
      });
    }
  });
}
