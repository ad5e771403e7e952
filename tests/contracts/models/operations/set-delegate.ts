import { Cl } from "@stacks/transactions";
import { optional } from "../../helpers.ts";
import { RESERVE, ReserveErr } from "../../reserve/helpers.ts";
import { type Delegation, keyOf, put, type State } from "../state.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";

export interface SetDelegate extends Sent {
  name: "set-delegate";
  delegate: string;
  token: string | null;
  perRefund: bigint;
  perPeriod: bigint;
  period: bigint;
  expiresIn: bigint;
}

export function setDelegate(state: State, call: SetDelegate): Expected {
  const { sender: merchant, delegate, token, perRefund, perPeriod, period, expiresIn } = call;
  if (call.route !== "direct") return refused(ReserveErr.NOT_AUTHORISED);
  if (perRefund < 1n || perRefund > perPeriod) return refused(ReserveErr.INVALID_AMOUNT);
  if (period < 1n || period > 52560n || expiresIn < 1n || expiresIn > 52560n) return refused(ReserveErr.INVALID_AMOUNT);
  const delegation: Delegation = {
    "per-refund": perRefund,
    "per-period": perPeriod,
    period,
    "period-start": state.now,
    spent: 0n,
    "expires-at": state.now + expiresIn,
  };
  return {
    ok: true,
    state: { ...state, delegates: put(state.delegates, keyOf(merchant, delegate, token), delegation) },
    events: [
      { by: RESERVE, print: { event: "delegate-set", "burn-height": state.now, merchant, delegate, token, ...delegation } },
    ],
  };
}

export const setDelegateWire = (call: SetDelegate): Wire => ({
  contract: RESERVE,
  fn: "set-delegate",
  args: [
    Cl.principal(call.delegate),
    optional(call.token, Cl.principal),
    ...[call.perRefund, call.perPeriod, call.period, call.expiresIn].map((limit) => Cl.uint(limit)),
  ],
});
