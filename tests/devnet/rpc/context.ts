/** What every route can reach. */
import type { Chain } from "../chain/chain.ts";
import type { StacksBlock } from "../chain/types.ts";
import type { Faults } from "../faults.ts";
import type { ObserverQueue } from "../observer/queue.ts";

export interface Context {
  readonly chain: Chain;
  readonly observers: ObserverQueue;
  readonly faults: Faults;
  /** Value of the `authorization` header that guarded paths want. */
  readonly authToken: string;
}

const TIP = /^[0-9a-f]{64}$/;

/** The block that `?tip=` names; the canonical tip without it, and with a malformed one. Undefined when it is unknown. */
export function blockAt(chain: Chain, query: URLSearchParams): StacksBlock | undefined {
  const tip = query.get("tip");
  return tip === null || !TIP.test(tip) ? chain.tip : chain.stacks.byId(tip);
}
