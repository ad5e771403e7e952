/** POST /devnet/v1/faults: what an order says becomes what the node does; see README.md. */
import type { Chain } from "./chain/chain.ts";
import type { Branch } from "./chain/stacks-chain.ts";
import { BROADCAST_FAULTS, REJECTION_REASONS } from "./faults.ts";
import { choice, count, flag, whole } from "./options.ts";
import type { Options } from "./options.ts";
import type { Context } from "./rpc/context.ts";

/** Which branch a node is stuck on: the present one, or the one that was abandoned last. */
const BRANCHES = ["present", "abandoned", "none"] as const;

/** Nothing is changed by an order that cannot be carried out. */
export function orderFaults(context: Context, options: Options): unknown {
  const { chain, faults, observers } = context;
  const broadcast = choice(options, "broadcast", BROADCAST_FAULTS);
  const reject = choice(options, "reject", REJECTION_REASONS);
  const times = count(options, "times", 1);
  const branch = choice(options, "stuck_on", BRANCHES);
  const stuckOn = branch === undefined ? undefined : branchOf(chain, branch);
  const isRestart = flag(options, "restart", false);
  const { network_id: networkId } = options;
  const isCleared = flag(options, "clear", false);
  const now = isCleared ? { ...HEALTHY } : present(context);
  const next: Standing = {
    failReads: count(options, "fail_reads", now.failReads),
    delayMs: count(options, "delay_ms", now.delayMs),
    isDown: flag(options, "down", now.isDown),
    lagBlocks: count(options, "lag_blocks", now.lagBlocks),
    isFullySynced: flag(options, "is_fully_synced", now.isFullySynced),
    nonceOffset: whole(options, "nonce_offset", now.nonceOffset),
    duplicates: count(options, "duplicate_deliveries", now.duplicates),
    minimumFee: count(options, "minimum_fee", now.minimumFee),
    clockOffset: whole(options, "clock_offset_s", now.clockOffset),
  };
  if (isCleared) faults.clear();
  if (broadcast !== undefined) faults.broadcast = { fault: broadcast, times };
  if (reject !== undefined) faults.reject = { reason: reject, times };
  if (stuckOn !== undefined) faults.stuckOn = stuckOn;
  if (networkId === null || typeof networkId === "number") faults.networkId = networkId;
  const { duplicates, minimumFee, clockOffset, ...ofTheNode } = next;
  Object.assign(faults, ofTheNode);
  observers.duplicates = duplicates;
  chain.mempool.minimumFee = BigInt(minimumFee);
  chain.clockOffset = clockOffset;
  if (isRestart || flag(options, "forget_mempool", false)) chain.mempool.clear();
  if (isRestart) context.connections.breakAll();
  return summary(context);
}

/** Faults that last until they are ended. */
interface Standing {
  failReads: number;
  delayMs: number;
  isDown: boolean;
  lagBlocks: number;
  isFullySynced: boolean;
  nonceOffset: number;
  duplicates: number;
  minimumFee: number;
  clockOffset: number;
}

const HEALTHY: Standing = {
  failReads: 0,
  delayMs: 0,
  isDown: false,
  lagBlocks: 0,
  isFullySynced: true,
  nonceOffset: 0,
  duplicates: 0,
  minimumFee: 0,
  clockOffset: 0,
};

function present({ chain, faults, observers }: Context): Standing {
  const { failReads, delayMs, isDown, lagBlocks, isFullySynced, nonceOffset } = faults;
  return {
    failReads,
    delayMs,
    isDown,
    lagBlocks,
    isFullySynced,
    nonceOffset,
    duplicates: observers.duplicates,
    minimumFee: Number(chain.mempool.minimumFee),
    clockOffset: chain.clockOffset,
  };
}

function branchOf(chain: Chain, branch: (typeof BRANCHES)[number]): Branch | null {
  if (branch === "none") return null;
  if (branch === "present") return { tip: chain.tip, burnTip: chain.burn.tip };
  const abandoned = chain.abandoned.at(-1);
  if (abandoned === undefined) throw new RangeError("no branch was abandoned");
  return abandoned;
}

function summary(context: Context): unknown {
  const { broadcast, reject, networkId, stuckOn } = context.faults;
  const now = present(context);
  return {
    broadcast,
    reject,
    fail_reads: now.failReads,
    delay_ms: now.delayMs,
    network_id: networkId,
    down: now.isDown,
    lag_blocks: now.lagBlocks,
    stuck_on: stuckOn?.tip.id ?? null,
    is_fully_synced: now.isFullySynced,
    nonce_offset: now.nonceOffset,
    duplicate_deliveries: now.duplicates,
    minimum_fee: now.minimumFee,
    clock_offset_s: now.clockOffset,
  };
}
