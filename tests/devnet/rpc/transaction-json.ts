/** A transaction as Rust's serde prints it, in the answer of /v3/blocks/replay. Clients read `hex` instead. */
import { AuthType, createAddress, deserializeTransaction, PayloadType, PostConditionMode } from "@stacks/transactions";
import type { ClarityValue, PayloadWire, StacksTransactionWire } from "@stacks/transactions";

const HASH_MODES: Record<number, string> = { 0: "P2PKH", 1: "P2SH", 2: "P2WPKH", 3: "P2WSH" };

export function describeTransaction(raw: string): Record<string, unknown> {
  const wire = deserializeTransaction(raw);
  return {
    version: "Testnet",
    chain_id: wire.chainId,
    auth: describeAuth(wire.auth),
    anchor_mode: wire.anchorMode === 1 ? "OnChainOnly" : "Any",
    post_condition_mode: PostConditionMode[wire.postConditionMode],
    // Not described: no client needs them, and they stand in `hex`.
    post_conditions: [],
    payload: describePayload(wire.payload),
  };
}

type Auth = StacksTransactionWire["auth"];

function describeAuth(auth: Auth): Record<string, unknown> {
  const origin = describeCondition(auth.spendingCondition);
  if (auth.authType !== AuthType.Sponsored) return { Standard: origin };
  return { Sponsored: [origin, describeCondition(auth.sponsorSpendingCondition)] };
}

function describeCondition(condition: Auth["spendingCondition"]): Record<string, unknown> {
  const common = {
    hash_mode: HASH_MODES[condition.hashMode] ?? String(condition.hashMode),
    signer: condition.signer,
    nonce: Number(condition.nonce),
    tx_fee: Number(condition.fee),
  };
  if (!("signature" in condition))
    return { Multisig: { ...common, fields: [], signatures_required: condition.signaturesRequired } };
  const encoding = condition.keyEncoding === 0 ? "Compressed" : "Uncompressed";
  return { Singlesig: { ...common, key_encoding: encoding, signature: condition.signature.data } };
}

function describePayload(payload: PayloadWire): unknown {
  switch (payload.payloadType) {
    case PayloadType.ContractCall: {
      const { contractAddress, contractName, functionName, functionArgs } = payload;
      return {
        ContractCall: {
          address: { version: contractAddress.version, bytes: contractAddress.hash160 },
          contract_name: contractName.content,
          function_name: functionName.content,
          function_args: functionArgs.map(describeValue),
        },
      };
    }
    case PayloadType.TokenTransfer:
      return { TokenTransfer: [payload.recipient.value, Number(payload.amount), payload.memo.content] };
    case PayloadType.SmartContract:
      return {
        SmartContract: [{ name: payload.contractName.content, code_body: bytesOf(payload.codeBody.content) }, null],
      };
    case PayloadType.VersionedSmartContract:
      return {
        SmartContract: [
          { name: payload.contractName.content, code_body: bytesOf(payload.codeBody.content) },
          `Clarity${payload.clarityVersion}`,
        ],
      };
    case PayloadType.TenureChange:
      return {
        TenureChange: {
          tenure_consensus_hash: payload.tenureHash,
          prev_tenure_consensus_hash: payload.previousTenureHash,
          burn_view_consensus_hash: payload.burnViewHash,
          previous_tenure_end: payload.previousTenureEnd,
          previous_tenure_blocks: payload.previousTenureBlocks,
          cause: payload.cause === 0 ? "BlockFound" : "Extended",
          pubkey_hash: payload.publicKeyHash,
        },
      };
    default:
      return { [PayloadType[payload.payloadType]]: null };
  }
}

function describeValue(value: ClarityValue): unknown {
  switch (value.type) {
    case "uint":
      return { UInt: Number(value.value) };
    case "int":
      return { Int: Number(value.value) };
    case "true":
    case "false":
      return { Bool: value.type === "true" };
    case "ascii":
      return { Sequence: { String: { ASCII: { data: [...Buffer.from(value.value, "ascii")] } } } };
    case "buffer":
      return { Sequence: { Buffer: { data: [...Buffer.from(value.value, "hex")] } } };
    case "none":
      return { Optional: { data: null } };
    case "some":
      return { Optional: { data: describeValue(value.value) } };
    case "address":
    case "contract":
      return { Principal: describePrincipal(value.value) };
    default:
      return { [value.type]: null };
  }
}

function describePrincipal(principal: string): unknown {
  const [address = "", name] = principal.split(".");
  const { version, hash160 } = createAddress(address);
  const issuer = [version, [...Buffer.from(hash160, "hex")]];
  return name === undefined ? { Standard: issuer } : { Contract: { issuer, name } };
}

function bytesOf(text: string): number[] {
  return [...Buffer.from(text)];
}
