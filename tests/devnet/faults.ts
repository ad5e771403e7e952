/** Faults that a test can order for coming requests. Each counts down with use; see README.md. */

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

export class Faults {
  broadcast: { fault: BroadcastFault; times: number } | null = null;
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

  takeReadFault(): boolean {
    if (this.failReads <= 0) return false;
    this.failReads -= 1;
    return true;
  }
}
