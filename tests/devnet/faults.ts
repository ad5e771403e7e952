/** Faults that a test can order for coming requests: some count down with use, others last until ended; see README.md. */
import { Rejection } from "./chain/admission.ts";
import type { Branch } from "./chain/stacks-chain.ts";

/** What happens to a broadcast. */
export type BroadcastFault =
  /** Accepted, then the connection breaks before the answer. */
  | "accept-then-disconnect"
  /** Accepted, and never answered: the client's time-out has to end it. */
  | "accept-then-hang"
  /** Answered 200 and forgotten, as a node does with a transaction that it takes for problematic. */
  | "accept-then-forget"
  /** Answered 500, and not accepted. */
  | "fail";

export const BROADCAST_FAULTS: readonly BroadcastFault[] = [
  "accept-then-disconnect",
  "accept-then-hang",
  "accept-then-forget",
  "fail",
];

/** Refusals that say nothing about the transaction, with the node's `reason_data`. */
const REJECTIONS: Readonly<Record<string, Record<string, unknown> | undefined>> = {
  TooMuchChaining: {
    message: "Nonce would exceed chaining limit in mempool",
    expected: 25,
    actual: 26,
    is_origin: true,
    principal: "ST000000000000000000002AMW42H",
  },
  TemporarilyBlacklisted: undefined,
  ServerFailureNoSuchChainTip: undefined,
  ServerFailureDatabase: { message: "database or disk is full" },
  ServerFailureOther: { message: "ordered fault" },
};
export const REJECTION_REASONS: readonly string[] = Object.keys(REJECTIONS);

export class Faults {
  broadcast: { fault: BroadcastFault; times: number } | null = null;
  /** Broadcasts that are refused for a reason of the node's own. */
  reject: { reason: string; times: number } | null = null;
  /** Every connection breaks without an answer, as to a node that does not run. */
  isDown = false;
  /** The node stands so many Stacks blocks behind the chain's tip. */
  lagBlocks = 0;
  /** The node knows this branch alone, and follows no other. */
  stuckOn: Branch | null = null;
  /** What the node says of itself. */
  isFullySynced = true;
  /** Added to every nonce that /v2/accounts tells. */
  nonceOffset = 0;
  /** Reads (GET, call-read, map_entry) that answer 500. */
  failReads = 0;
  /** Delay of every answer. */
  delayMs = 0;
  /** `network_id` of /v2/info, when it is to lie. */
  networkId: number | null = null;

  clear(): void {
    Object.assign(this, new Faults());
  }

  takeBroadcastFault(): BroadcastFault | null {
    if (this.broadcast === null || this.broadcast.times <= 0) return null;
    this.broadcast.times -= 1;
    return this.broadcast.fault;
  }

  /** The refusal ordered for a broadcast. */
  takeRejection(): Rejection | null {
    if (this.reject === null || this.reject.times <= 0) return null;
    this.reject.times -= 1;
    return new Rejection(this.reject.reason, REJECTIONS[this.reject.reason]);
  }

  takeReadFault(): boolean {
    if (this.failReads <= 0) return false;
    this.failReads -= 1;
    return true;
  }
}
