/** A transfer of STX or of a token from tx-sender, as recoup-core makes it. */
import { Err, type Transfer } from "../../helpers.ts";
import { balanceOf, keyOf, Mood, type State } from "../state.ts";

export const STX = "STX";
export const SBTC_ASSET = "mock-sbtc::sbtc-token";
/** The name of every sequence's own token ends so. */
export const isMoody = (token: string): boolean => token.includes(".moody-token");

const assetName = (token: string | null): string =>
  token === null ? STX : `${token}::${isMoody(token) ? "coin" : "sbtc-token"}`;

type Moved = { err: number } | { state: State; events: Transfer[] };

export function transfer(state: State, token: string | null, amount: bigint, from: string, to: string): Moved {
  const mood = token !== null && isMoody(token) ? state.mood : Mood.OBEYS;
  const held = balanceOf(state, token, from);
  const refusal = { err: held < amount ? Err.INSUFFICIENT_BALANCE : Err.TRANSFER_FAILED };
  switch (mood) {
    case Mood.REFUSES:
    case Mood.ANSWERS_FALSE:
      return refusal;
    case Mood.MOVES_NOTHING:
      return { state, events: [] };
  }
  if (held < amount) return refusal;
  if (mood === Mood.MOVES_MORE) {
    return { err: held < amount + 1n ? Err.INSUFFICIENT_BALANCE : Err.FORBIDDEN_TRANSFER };
  }
  if (mood === Mood.TAKES_STX) {
    return { err: balanceOf(state, null, from) === 0n ? Err.INSUFFICIENT_BALANCE : Err.FORBIDDEN_TRANSFER };
  }
  return {
    state: { ...state, balances: move(state.balances, token ?? STX, amount, from, to) },
    events: [{ transfer: assetName(token), from, to, amount }],
  };
}

function move(balances: State["balances"], token: string, amount: bigint, from: string, to: string) {
  const moved = new Map(balances);
  const add = (owner: string, change: bigint) => {
    const key = keyOf(token, owner);
    const left = (moved.get(key) ?? 0n) + change;
    if (left === 0n) moved.delete(key);
    else moved.set(key, left);
  };
  add(from, -amount);
  add(to, amount);
  return moved;
}
