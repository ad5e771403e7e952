import { Cl } from "@stacks/transactions";
import { U128_MAX } from "../../helpers.ts";
import { RESERVE, ReserveErr } from "../../reserve/helpers.ts";
import { keyOf, put, reserveOf, type State } from "../state.ts";
import { type Expected, type ModelEvent, refused, type Sent, type Wire } from "./operation.ts";
import { attempt, transferEvents } from "./transfer.ts";

/** What a merchant puts into its reserve, or takes out of it. */
export interface Funds extends Sent {
  amount: bigint;
  token: string | null;
}

export interface Deposit extends Funds {
  name: "deposit";
}

export function deposit(state: State, call: Deposit): Expected {
  const { sender: merchant, amount, token } = call;
  const before = reserveOf(state, merchant, token);
  if (call.route !== "direct") return refused(ReserveErr.NOT_AUTHORISED);
  if (amount === 0n || amount > U128_MAX - before) return refused(ReserveErr.INVALID_AMOUNT);
  const outcome = attempt(state, token, amount, merchant, RESERVE);
  if ("failed" in outcome) return refused(failureOf(outcome.failed));
  // The contract looks whether it arrived.
  if (outcome.moved === state) return refused(ReserveErr.TRANSFER_FAILED);
  return {
    ok: before + amount,
    state: { ...outcome.moved, reserves: put(state.reserves, keyOf(merchant, token), before + amount) },
    events: [
      fundsEvent("reserve-deposited", state, call, before + amount),
      ...transferEvents(state, outcome.moved, token, amount, merchant, RESERVE),
    ],
  };
}

export const failureOf = (failed: string): number =>
  failed === "trespassed" ? ReserveErr.FORBIDDEN_TRANSFER : ReserveErr.TRANSFER_FAILED;

export const fundsEvent = (event: string, state: State, { sender, amount, token }: Funds, balance: bigint): ModelEvent => ({
  by: RESERVE,
  print: { event, "burn-height": state.now, merchant: sender, token, amount, balance },
});

/** A call of recoup-reserve, by its function for STX or for tokens. */
export const fundsWire = (fn: string, { amount, token }: Funds): Wire => ({
  contract: RESERVE,
  fn: token === null ? `${fn}-stx` : `${fn}-ft`,
  args: token === null ? [Cl.uint(amount)] : [Cl.uint(amount), Cl.principal(token)],
});

export const depositWire = (call: Deposit): Wire => fundsWire("deposit", call);
