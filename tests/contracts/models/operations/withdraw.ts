import { RESERVE, ReserveErr } from "../../reserve/helpers.ts";
import { keyOf, put, reserveOf, type State } from "../state.ts";
import { failureOf, type Funds, fundsEvent, fundsWire } from "./deposit.ts";
import { type Expected, refused, type Wire } from "./operation.ts";
import { attempt, transferEvents } from "./transfer.ts";

export interface Withdraw extends Funds {
  name: "withdraw";
}

export function withdraw(state: State, call: Withdraw): Expected {
  const { sender: merchant, amount, token } = call;
  const before = reserveOf(state, merchant, token);
  if (call.route !== "direct") return refused(ReserveErr.NOT_AUTHORISED);
  if (amount === 0n) return refused(ReserveErr.INVALID_AMOUNT);
  if (amount > before) return refused(ReserveErr.RESERVE_TOO_LOW);
  const outcome = attempt(state, token, amount, RESERVE, merchant);
  if ("failed" in outcome) return refused(failureOf(outcome.failed));
  return {
    ok: before - amount,
    state: { ...outcome.moved, reserves: put(state.reserves, keyOf(merchant, token), before - amount) },
    events: [
      fundsEvent("reserve-withdrawn", state, call, before - amount),
      ...transferEvents(state, outcome.moved, token, amount, RESERVE, merchant),
    ],
  };
}

export const withdrawWire = (call: Withdraw): Wire => fundsWire("withdraw", call);
