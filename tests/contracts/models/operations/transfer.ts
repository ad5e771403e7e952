/** Transfers of STX and of tokens, as the contracts make them. */
import { Err, type Transfer } from "../../helpers.ts";
import { balanceOf, keyOf, Mood, type State } from "../state.ts";

export const STX = "STX";
export const SBTC_ASSET = "mock-sbtc::sbtc-token";
/** The name of every sequence's own token ends so. */
export const isMoody = (token: string): boolean => token.includes(".moody-token");

const assetName = (token: string | null): string =>
  token === null ? STX : `${token}::${isMoody(token) ? "coin" : "sbtc-token"}`;

/**
 * What comes of a transfer: it moved, the token says so and it did not, or it fails: for want of funds, by a code of the
 * token's, by (ok false), or because the token tried to move something else, which a fence undoes.
 */
export type Attempt = { moved: State } | { failed: "poor" | "refused" | "false" | "trespassed" };

export function attempt(state: State, token: string | null, amount: bigint, from: string, to: string): Attempt {
  const mood = token !== null && isMoody(token) ? state.mood : Mood.OBEYS;
  const held = balanceOf(state, token, from);
  if (mood === Mood.REFUSES) return { failed: "refused" };
  if (mood === Mood.ANSWERS_FALSE) return { failed: "false" };
  if (mood === Mood.MOVES_NOTHING) return { moved: state };
  if (held < amount) return { failed: "poor" };
  if (mood === Mood.MOVES_MORE) return { failed: held < amount + 1n ? "poor" : "trespassed" };
  if (mood === Mood.TAKES_STX) return { failed: balanceOf(state, null, from) === 0n ? "poor" : "trespassed" };
  return { moved: { ...state, balances: move(state.balances, token ?? STX, amount, from, to) } };
}

type Moved = { err: number } | { state: State; events: Transfer[] };

/** A transfer by recoup-core, with its errors. */
export function transfer(state: State, token: string | null, amount: bigint, from: string, to: string): Moved {
  const outcome = attempt(state, token, amount, from, to);
  if ("moved" in outcome) return { state: outcome.moved, events: transferEvents(state, outcome.moved, token, amount, from, to) };
  if (outcome.failed === "trespassed") return { err: Err.FORBIDDEN_TRANSFER };
  const isPoor = outcome.failed === "poor" || balanceOf(state, token, from) < amount;
  return { err: isPoor ? Err.INSUFFICIENT_BALANCE : Err.TRANSFER_FAILED };
}

/** The transfer's event, unless the token only said that it moved something. */
export const transferEvents = (before: State, after: State, token: string | null, amount: bigint, from: string, to: string): Transfer[] =>
  after === before ? [] : [{ transfer: assetName(token), from, to, amount }];

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
