/** The node itself: info, health, fees, and what only a real network has. */
import {
  addressToString,
  createAddress,
  deserializePayload,
  PayloadType,
  privateKeyToPublic,
  serializePayload,
} from "@stacks/transactions";
import { MINER, TESTNET_CHAIN_ID } from "../accounts.ts";
import { derive } from "../hashes.ts";
import type { Context } from "./context.ts";
import { json, notImplemented, refused } from "./http.ts";
import type { Reply, Route, RpcRequest } from "./http.ts";
import { viewOf } from "./view.ts";

const PEER_VERSION = 4207599120;
const SERVER_VERSION = "stacks-node 4.0.2 (recoup local chain)";
const BITCOIN_REGTEST_ID = 3669344250;
/** SHA-256 of nothing: a chain state without initial data. */
const GENESIS_CHAINSTATE_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export function nodeRoutes(context: Context): Route[] {
  return [
    { method: "GET", pattern: /^\/v2\/info$/, handle: () => info(context) },
    { method: "GET", pattern: /^\/v2\/pox$/, handle: () => notImplemented("stacking") },
    { method: "GET", pattern: /^\/v3\/stacker_set\/\d+$/, handle: () => notImplemented("stacking") },
    {
      method: "GET",
      pattern: /^\/v2\/neighbors$/,
      handle: () => json({ bootstrap: [], sample: [], inbound: [], outbound: [] }),
    },
    { method: "GET", pattern: /^\/v3\/health$/, handle: () => health(context) },
    { method: "GET", pattern: /^\/v2\/fees\/transfer$/, handle: () => json(feePerByte(context)) },
    { method: "POST", pattern: /^\/v2\/fees\/transaction$/, handle: (request) => estimate(context, request) },
  ];
}

function info({ chain, faults }: Context): Reply {
  const { tip, burnTip } = viewOf(chain, faults);
  const stable = burnTip.parent ?? burnTip;
  return json({
    peer_version: PEER_VERSION,
    pox_consensus: burnTip.consensusHash,
    burn_block_height: burnTip.height,
    stable_pox_consensus: stable.consensusHash,
    stable_burn_block_height: stable.height,
    server_version: SERVER_VERSION,
    network_id: faults.networkId ?? TESTNET_CHAIN_ID,
    parent_network_id: BITCOIN_REGTEST_ID,
    stacks_tip_height: tip.height,
    stacks_tip: tip.hash,
    stacks_tip_consensus_hash: tip.tenureBurn.consensusHash,
    genesis_chainstate_hash: GENESIS_CHAINSTATE_HASH,
    unanchored_tip: null,
    unanchored_seq: null,
    tenure_height: tip.tenureHeight,
    exit_at_block_height: null,
    is_fully_synced: faults.isFullySynced,
    node_public_key: privateKeyToPublic(MINER.privateKey),
    node_public_key_hash: createAddress(MINER.address).hash160,
    last_pox_anchor: { anchor_block_hash: derive("anchor block"), anchor_block_txid: derive("anchor block commit") },
    stackerdbs: ["ST000000000000000000002AMW42H.miners"],
  });
}

/** A node that lags and says so has heard of its neighbours' height. */
function health({ chain, faults }: Context): Reply {
  const { tip } = viewOf(chain, faults);
  const knows = !faults.isFullySynced;
  return json({
    difference_from_max_peer: knows ? Math.max(0, chain.tip.height - tip.height) : 0,
    max_stacks_height_of_neighbors: knows ? chain.tip.height : 0,
    max_stacks_neighbor_address: null,
    node_stacks_tip_height: tip.height,
  });
}

/** The fee market stands still: estimates follow the fees of the newest blocks. */
const FEE_WINDOW_BLOCKS = 10;
const COST_SCALAR = 6;
const COST_SCALAR_PER_BYTE = 0.00476837158203125;
const TRANSFER_BYTES = 180;
const DEFAULT_FEE = 10_000;

function recentFees({ chain }: Context): number[] {
  const fees: number[] = [];
  for (let height = chain.tip.height; height > Math.max(0, chain.tip.height - FEE_WINDOW_BLOCKS); height--) {
    for (const { decoded } of chain.stacks.atHeight(height)?.transactions ?? [])
      if (decoded !== null) fees.push(Number(decoded.fee));
  }
  return fees.length === 0 ? [DEFAULT_FEE] : fees.sort((a, b) => a - b);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? DEFAULT_FEE;
}

function feePerByte(context: Context): number {
  return Math.max(1, Math.round(percentile(recentFees(context), 0.5) / TRANSFER_BYTES));
}

function estimate(context: Context, { body }: RpcRequest): Reply {
  const asked = parseEstimate(body);
  if ("status" in asked) return asked;
  if (asked.call !== null && !wasCalled(context, asked.call)) {
    return json(
      {
        error: "Estimation could not be performed",
        reason: "NoEstimateAvailable",
        reason_data: { message: "No estimate available for the provided payload." },
      },
      400,
    );
  }
  const fees = recentFees(context);
  const floor = asked.length;
  const estimations = [0.05, 0.5, 0.95].map((share) => {
    const fee = Math.max(floor, percentile(fees, share));
    return { fee_rate: fee / COST_SCALAR, fee };
  });
  return json({
    estimated_cost: { write_length: 0, write_count: 0, read_length: 0, read_count: 0, runtime: 0 },
    estimated_cost_scalar: COST_SCALAR,
    estimations,
    cost_scalar_change_by_byte: COST_SCALAR_PER_BYTE,
  });
}

/** `call`: "ADDR.name::function" of a contract call; "" of a deploy, of which nothing can be known. */
function parseEstimate(body: Buffer): { call: string | null; length: number } | Reply {
  let asked: { transaction_payload?: unknown; estimated_len?: unknown };
  try {
    asked = JSON.parse(body.toString()) as typeof asked;
  } catch {
    return refused(400, "Failed to decode: Failed to parse JSON body");
  }
  const { transaction_payload: payload, estimated_len: length } = asked;
  if (typeof payload !== "string") return refused(400, "Failed to decode: Failed to parse JSON body");
  const hex = payload.replace(/^0x/, "");
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(hex))
    return refused(400, "Failed to decode: Bad hex string supplied for transaction payload");
  try {
    const decoded = deserializePayload(hex);
    const bytes = typeof length === "number" ? length : serializePayload(decoded).length / 2;
    if (decoded.payloadType === PayloadType.TokenTransfer) return { call: null, length: bytes };
    if (decoded.payloadType !== PayloadType.ContractCall) return { call: "", length: bytes };
    const { contractAddress, contractName, functionName } = decoded;
    return {
      call: `${addressToString(contractAddress)}.${contractName.content}::${functionName.content}`,
      length: bytes,
    };
  } catch {
    return refused(400, "Failed to decode: Failed to deserialize transaction payload");
  }
}

/** An estimator knows the functions that it saw in blocks. */
function wasCalled({ chain }: Context, call: string): boolean {
  for (let height = chain.tip.height; height > 0; height--) {
    for (const { decoded } of chain.stacks.atHeight(height)?.transactions ?? []) {
      const payload = decoded?.wire.payload;
      if (payload?.payloadType !== PayloadType.ContractCall) continue;
      const { contractAddress, contractName, functionName } = payload;
      if (`${addressToString(contractAddress)}.${contractName.content}::${functionName.content}` === call) return true;
    }
  }
  return false;
}
