/** The observer payloads of a node 4.0.2, field by field. Recorded examples: tests/fixtures/regtest/events.jsonl. */
import { createHash } from "node:crypto";
import { derive, ZERO_HASH } from "../hashes.ts";
import type { BurnBlock, MinedTransaction, StacksBlock } from "../chain/types.ts";
import type { VmEvent } from "../vm/types.ts";

const NO_COST = { runtime: 0, read_count: 0, read_length: 0, write_count: 0, write_length: 0 };
/** One signer of one, who signed. */
const SIGNER_BITVEC = "00010000000101";
const POX_UNLOCK_HEIGHTS = {
  pox_v1_unlock_height: 102,
  pox_v2_unlock_height: 103,
  pox_v3_unlock_height: 109,
  pox_v4_unlock_height: 162,
};

const hex = (hash: string): string => `0x${hash}`;

export interface ObserverEvent extends Record<string, unknown> {
  txid: string;
  event_index: number;
  committed: true;
  type: string;
}

/** Contract prints are the one event whose name differs between the VM and the node. */
function typeOf({ event }: VmEvent): string {
  return event === "print_event" ? "contract_event" : event;
}

const FIELDS: Record<string, readonly string[]> = {
  contract_event: ["contract_identifier", "raw_value", "topic"],
  stx_transfer_event: ["amount", "memo", "recipient", "sender"],
  stx_mint_event: ["amount", "recipient"],
  stx_burn_event: ["amount", "sender"],
  ft_transfer_event: ["amount", "asset_identifier", "recipient", "sender"],
  ft_mint_event: ["amount", "asset_identifier", "recipient"],
  ft_burn_event: ["amount", "asset_identifier", "sender"],
  nft_transfer_event: ["asset_identifier", "raw_value", "recipient", "sender"],
  nft_mint_event: ["asset_identifier", "raw_value", "recipient"],
  nft_burn_event: ["asset_identifier", "raw_value", "sender"],
};

export function eventBody(event: VmEvent, txid: string, index: number): ObserverEvent {
  const type = typeOf(event);
  const fields = FIELDS[type];
  if (fields === undefined) throw new Error(`the VM reported an event that this chain does not know: ${type}`);
  const body = Object.fromEntries(fields.map((field) => [field, event.data[field]]));
  return { txid: hex(txid), event_index: index, committed: true, type, [type]: body };
}

function eventsOf({ id, transactions }: StacksBlock): ObserverEvent[] {
  let index = 0;
  const events = transactions.flatMap(({ txid, events: own }) => own.map((event) => eventBody(event, txid, index++)));
  // A node sends them in the order of a hash set: clients have to sort.
  const order = new Map(
    events.map((event) => [event, createHash("sha256").update(`${id}${event.event_index}`).digest("hex")]),
  );
  return events.sort((a, b) => ((order.get(a) as string) < (order.get(b) as string) ? -1 : 1));
}

function transactionBody(transaction: MinedTransaction, index: number): Record<string, unknown> {
  return {
    txid: hex(transaction.txid),
    tx_index: index,
    status: transaction.status,
    raw_result: transaction.result,
    raw_tx: hex(transaction.raw),
    contract_interface: transaction.contractInterface,
    burnchain_op: null,
    execution_cost: NO_COST,
    microblock_sequence: null,
    microblock_hash: null,
    microblock_parent_hash: null,
    vm_error: transaction.vmError,
  };
}

/** The election's block commit. */
export function minerTxid(tenure: BurnBlock): string {
  return derive("block commit", tenure.hash);
}

export function newBlock(block: StacksBlock): Record<string, unknown> {
  const { tenureBurn } = block;
  const parent = block.parent;
  const parentBurn = parent?.tenureBurn ?? tenureBurn;
  return {
    block_hash: hex(block.hash),
    block_height: block.height,
    block_time: block.time,
    index_block_hash: hex(block.id),
    parent_block_hash: hex(parent?.hash ?? ZERO_HASH),
    parent_index_block_hash: hex(parent?.id ?? "f".repeat(64)),
    burn_block_hash: hex(tenureBurn.hash),
    burn_block_height: tenureBurn.height,
    burn_block_time: tenureBurn.time,
    miner_txid: hex(minerTxid(tenureBurn)),
    parent_burn_block_hash: hex(parentBurn.hash),
    parent_burn_block_height: parentBurn.height,
    parent_burn_block_timestamp: parentBurn.time,
    parent_microblock: hex(ZERO_HASH),
    parent_microblock_sequence: 0,
    consensus_hash: hex(tenureBurn.consensusHash),
    tenure_height: block.tenureHeight,
    signer_bitvec: SIGNER_BITVEC,
    reward_set: null,
    cycle_number: null,
    anchored_cost: NO_COST,
    confirmed_microblocks_cost: NO_COST,
    ...POX_UNLOCK_HEIGHTS,
    matured_miner_rewards: [],
    signer_signature_hash: hex(block.hash),
    miner_signature: hex(block.minerSignature),
    signer_signature: [block.signerSignature],
    transactions: block.transactions.map(transactionBody),
    events: eventsOf(block),
  };
}

/** Block 0 as a node announces it at every start: no transactions, and none of the fields that came with Nakamoto. */
export function genesisBlock(block: StacksBlock): Record<string, unknown> {
  const { signer_signature_hash, miner_signature, signer_signature, ...rest } = newBlock(block);
  void [signer_signature_hash, miner_signature, signer_signature];
  return { ...rest, block_time: null, signer_bitvec: null };
}

export function newBurnBlock(block: BurnBlock): Record<string, unknown> {
  return {
    burn_block_hash: hex(block.hash),
    burn_block_height: block.height,
    parent_burn_block_hash: hex(block.parent?.hash ?? ZERO_HASH),
    consensus_hash: hex(block.consensusHash),
    burn_amount: 0,
    reward_recipients: [],
    reward_slot_holders: [],
    pox_transactions: [],
  };
}

export function newMempoolTransaction(raw: string): string[] {
  return [hex(raw)];
}

export type DropReason = "ReplaceByFee" | "ReplaceAcrossFork" | "TooExpensive" | "StaleGarbageCollect" | "Problematic";

export function droppedTransactions(
  txids: string[],
  reason: DropReason,
  replacement: string | null,
): Record<string, unknown> {
  return { dropped_txids: txids.map(hex), reason, new_txid: replacement === null ? null : hex(replacement) };
}
