/** Tenure changes and coinbases: real, signed transactions of the miner. */
import {
  AddressHashMode,
  AnchorMode,
  Cl,
  createNakamotoCoinbasePayload,
  createSingleSigSpendingCondition,
  createStandardAuth,
  createTenureChangePayload,
  privateKeyToPublic,
  StacksTransactionWire,
  TenureChangeCause,
  TransactionSigner,
} from "@stacks/transactions";
import type { PayloadWire } from "@stacks/transactions";
import { createAddress } from "@stacks/transactions";
import { MINER } from "../accounts.ts";
import { derive } from "../hashes.ts";
import type { BurnBlock, MinedTransaction, StacksBlock } from "./types.ts";

/** `(ok true)`: what a node reports for both. */
const OK_TRUE = "0x0703";
const VRF_PROOF_BYTES = 80;
const COINBASE_BYTES = 32;

const MINER_PUBLIC_KEY_HASH = createAddress(MINER.address).hash160;

function mined(payload: PayloadWire, nonce: bigint): MinedTransaction {
  const condition = createSingleSigSpendingCondition(
    AddressHashMode.P2PKH,
    privateKeyToPublic(MINER.privateKey),
    nonce,
    0n,
  );
  const transaction = new StacksTransactionWire({ auth: createStandardAuth(condition), payload, network: "testnet" });
  transaction.anchorMode = AnchorMode.OnChainOnly;
  new TransactionSigner(transaction).signOrigin(MINER.privateKey);
  return {
    txid: transaction.txid(),
    raw: transaction.serialize(),
    decoded: null,
    status: "success",
    result: OK_TRUE,
    vmError: null,
    events: [],
    contractInterface: null,
  };
}

/** Opens a tenure (`cause` BlockFound) or gives a running one a later burn view (Extended). */
export function tenureChange(
  parent: StacksBlock,
  tenure: BurnBlock,
  burnView: BurnBlock,
  blocksSoFar: number,
  cause: TenureChangeCause,
  nonce: bigint,
): MinedTransaction {
  const payload = createTenureChangePayload(
    tenure.consensusHash,
    parent.tenureBurn.consensusHash,
    burnView.consensusHash,
    parent.id,
    blocksSoFar,
    cause,
    MINER_PUBLIC_KEY_HASH,
  );
  return mined(payload, nonce);
}

export function coinbase(tenure: BurnBlock, nonce: bigint): MinedTransaction {
  const proof = Buffer.from([0, 1, 2].map((part) => derive("vrf proof", tenure.hash, part)).join(""), "hex").subarray(
    0,
    VRF_PROOF_BYTES,
  );
  return mined(createNakamotoCoinbasePayload(new Uint8Array(COINBASE_BYTES), Cl.none(), proof), nonce);
}
