/** What every route can reach. */
import type { Chain } from "../chain/chain.ts";
import type { StacksBlock } from "../chain/types.ts";
import type { Connections } from "../connections.ts";
import type { Faults } from "../faults.ts";
import type { ObserverQueue } from "../observer/queue.ts";
import type { View } from "./view.ts";

export interface Context {
  readonly chain: Chain;
  /** Of the node's own paths; the control paths always answer. */
  readonly connections: Connections;
  readonly observers: ObserverQueue;
  readonly faults: Faults;
  /** Value of the `authorization` header that guarded paths want. */
  readonly authToken: string;
}

const TIP = /^[0-9a-f]{64}$/;

/** The block that `?tip=` names; the node's own tip without it, and with a malformed one. Undefined when it is unknown. */
export function blockAt(view: View, query: URLSearchParams): StacksBlock | undefined {
  const tip = query.get("tip");
  return tip === null || !TIP.test(tip) ? view.tip : view.byId(tip);
}
