/** Blocks, tenures and sortitions. */
import { createAddress } from "@stacks/transactions";
import { MINER } from "../accounts.ts";
import { GENESIS_BURN_HEIGHT } from "../chain/chain.ts";
import { lastSortition } from "../chain/burn-chain.ts";
import { tenureStart } from "../chain/stacks-chain.ts";
import type { BurnBlock, MinedTransaction, StacksBlock } from "../chain/types.ts";
import { derive, sha512Half, ZERO_HASH } from "../hashes.ts";
import { eventBody } from "../observer/payloads.ts";
import type { Context } from "./context.ts";
import { CONSENSUS_HASH, HASH, json, notImplemented, refused, text } from "./http.ts";
import type { Reply, Route } from "./http.ts";
import { describeTransaction } from "./transaction-json.ts";
import { viewOf } from "./view.ts";
import type { View } from "./view.ts";

/** Bitcoin blocks, as in the recorded network. */
const REWARD_CYCLE_LENGTH = 20;
const RAW_BLOCKS = "raw block bytes";
const HEADERS = "block headers in the node's own form";

export function blockRoutes(context: Context): Route[] {
  const { chain, faults } = context;
  const view = (): View => viewOf(chain, faults);
  return [
    ...tenureRoutes(context),
    ...sortitionRoutes(context),
    {
      method: "GET",
      pattern: new RegExp(`^/v3/blocks/(?<id>${HASH})$`),
      handle: (_, { id = "" }) => rawBlock(view().byId(id), id),
    },
    {
      method: "GET",
      pattern: /^\/v3\/blocks\/height\/(?<height>\d+)$/,
      handle: (_, { height = "" }) => rawBlock(view().atHeight(Number(height)), height),
    },
    {
      method: "GET",
      pattern: new RegExp(`^/v3/blocks/replay/(?<id>${HASH})$`),
      handle: (request, { id = "" }) => replay(context, request.headers["authorization"], id),
    },
  ];
}

function tenureRoutes(context: Context): Route[] {
  const { chain, faults } = context;
  return [
    { method: "GET", pattern: /^\/v3\/tenures\/info$/, handle: () => tenureInfo(context) },
    {
      method: "GET",
      pattern: new RegExp(`^/v3/tenures/(?:tip|tip_metadata)/${CONSENSUS_HASH}$`),
      handle: () => notImplemented(HEADERS),
    },
    { method: "GET", pattern: new RegExp(`^/v3/tenures/${HASH}$`), handle: () => notImplemented(RAW_BLOCKS) },
    {
      method: "GET",
      pattern: /^\/v3\/tenures\/blocks\/height\/(?<height>\d+)$/,
      handle: (_, { height = "" }) =>
        tenureBlocks(
          context,
          viewOf(chain, faults).burnAtHeight(Number(height)),
          `No block snapshot found for burn block height '${height}'`,
        ),
    },
    {
      method: "GET",
      pattern: new RegExp(`^/v3/tenures/blocks/hash/(?<hash>${HASH})$`),
      handle: (_, { hash = "" }) =>
        tenureBlocks(context, chain.burn.byHash(hash), `No sortition id found for burn block hash '${hash}'`),
    },
    {
      method: "GET",
      pattern: new RegExp(`^/v3/tenures/blocks/(?<hash>${CONSENSUS_HASH})$`),
      handle: (_, { hash = "" }) =>
        tenureBlocks(context, chain.burn.byConsensusHash(hash), `No block snapshot found for consensus hash '${hash}'`),
    },
  ];
}

function sortitionRoutes(context: Context): Route[] {
  const { chain, faults } = context;
  const view = (): View => viewOf(chain, faults);
  return [
    { method: "GET", pattern: /^\/v3\/sortitions$/, handle: () => json([sortition(context, view().burnTip)]) },
    {
      method: "GET",
      pattern: /^\/v3\/sortitions\/burn_height\/(?<height>\d+)$/,
      handle: (_, { height = "" }) =>
        sortitions(context, view().burnAtHeight(Number(height)), `BurnchainHeight(${height})`),
    },
    {
      method: "GET",
      pattern: new RegExp(`^/v3/sortitions/burn/(?<hash>${HASH})$`),
      handle: (_, { hash = "" }) => sortitions(context, chain.burn.byHash(hash), `BurnchainHeaderHash(${hash})`),
    },
    {
      method: "GET",
      pattern: new RegExp(`^/v3/sortitions/consensus/(?<hash>${CONSENSUS_HASH})$`),
      handle: (_, { hash = "" }) => sortitions(context, chain.burn.byConsensusHash(hash), `ConsensusHash(${hash})`),
    },
  ];
}

function rawBlock(block: StacksBlock | undefined, name: string): Reply {
  return block === undefined ? text(404, `No such block ${name}\n`) : notImplemented(RAW_BLOCKS);
}

function replay({ chain, faults, authToken }: Context, authorization: string | string[] | undefined, id: string): Reply {
  if (authorization !== authToken) return refused(401, "Unauthorized");
  const block = viewOf(chain, faults).byId(id);
  if (block === undefined || block.parent === null) return text(404, `No such block ${id}\n`);
  const fees = block.transactions.reduce((sum, { decoded }) => sum + (decoded?.fee ?? 0n), 0n);
  return json({
    block_id: block.id,
    block_hash: block.hash,
    block_height: block.height,
    parent_block_id: block.parent.id,
    consensus_hash: block.tenureBurn.consensusHash,
    fees: Number(fees),
    tx_merkle_root: sha512Half(...block.transactions.map(({ txid }) => txid)),
    state_index_root: derive("state", block.id),
    timestamp: block.time,
    miner_signature: block.minerSignature,
    signer_signature: [],
    transactions: block.transactions.map((transaction, index) => ({
      txid: transaction.txid,
      tx_index: index,
      data: describeTransaction(transaction.raw),
      hex: transaction.raw,
      result_hex: transaction.result,
      stx_burned: Number(burnedBy(transaction)),
      execution_cost: { write_length: 0, write_count: 0, read_length: 0, read_count: 0, runtime: 0 },
      events: transaction.events.map((event, eventIndex) => eventBody(event, transaction.txid, eventIndex)),
      post_condition_aborted: transaction.status === "abort_by_post_condition",
      vm_error: transaction.vmError,
      profiler: null,
      execution_stats: { secs: 0, nanos: 0 },
    })),
    valid_merkle_root: true,
  });
}

function burnedBy({ events }: MinedTransaction): bigint {
  const burns = events.filter(({ event }) => event === "stx_burn_event");
  return burns.reduce((sum, { data }) => sum + BigInt(String(data["amount"])), 0n);
}

function tenureInfo({ chain, faults }: Context): Reply {
  const { tip, burnTip } = viewOf(chain, faults);
  const start = tenureStart(tip);
  const parentStart = tenureStart(start.parent ?? start);
  return json({
    consensus_hash: tip.tenureBurn.consensusHash,
    tenure_start_block_id: start.id,
    parent_consensus_hash: parentStart.tenureBurn.consensusHash,
    parent_tenure_start_block_id: parentStart.id,
    tip_block_id: tip.id,
    tip_height: tip.height,
    reward_cycle: Math.floor((burnTip.height - GENESIS_BURN_HEIGHT) / REWARD_CYCLE_LENGTH),
  });
}

/** Of an orphaned tenure a node tells the burn block, but no Stacks blocks. */
function tenureBlocks({ chain, faults }: Context, burn: BurnBlock | undefined, missing: string): Reply {
  if (burn === undefined) return text(404, missing);
  const before = burn.parent === null ? burn : lastSortition(burn.parent);
  return json({
    consensus_hash: burn.consensusHash,
    last_sortition_ch: before.consensusHash,
    burn_block_height: burn.height,
    burn_block_hash: burn.hash,
    stacks_blocks: tenure(viewOf(chain, faults), burn).map((block) => ({
      block_id: block.id,
      header_type: block.parent === null ? "epoch2" : "nakamoto",
      block_hash: block.hash,
      parent_block_id: block.parent?.id ?? ZERO_HASH,
      height: block.height,
    })),
  });
}

/** Blocks of the tenure that was elected in a burn block, newest first. */
function tenure({ tip }: View, { consensusHash, height }: BurnBlock): StacksBlock[] {
  const blocks: StacksBlock[] = [];
  for (let block: StacksBlock | null = tip; block !== null; block = block.parent) {
    if (block.tenureBurn.height < height) break;
    if (block.tenureBurn.consensusHash === consensusHash) blocks.push(block);
  }
  return blocks;
}

function sortitions(context: Context, burn: BurnBlock | undefined, name: string): Reply {
  return burn === undefined ? text(404, `Could not find snapshot ${name}\n`) : json([sortition(context, burn)]);
}

function sortition({ chain, faults }: Context, burn: BurnBlock): Record<string, unknown> {
  const won = burn.sortition;
  const before = burn.parent === null ? burn : lastSortition(burn.parent);
  const committed = tenure(viewOf(chain, faults), before).at(-1);
  const prefixed = (hash: string): string => `0x${hash}`;
  return {
    burn_block_hash: prefixed(burn.hash),
    burn_block_height: burn.height,
    burn_header_timestamp: burn.time,
    sortition_id: prefixed(derive("sortition", burn.hash)),
    parent_sortition_id: prefixed(derive("sortition", burn.parent?.hash ?? ZERO_HASH)),
    consensus_hash: prefixed(burn.consensusHash),
    was_sortition: won,
    miner_pk_hash160: won ? prefixed(createAddress(MINER.address).hash160) : null,
    stacks_parent_ch: won ? prefixed(before.consensusHash) : null,
    last_sortition_ch: prefixed(before.consensusHash),
    committed_block_hash: won ? prefixed(committed?.id ?? ZERO_HASH) : null,
    vrf_seed: won ? prefixed(derive("vrf seed", burn.hash)) : null,
  };
}
