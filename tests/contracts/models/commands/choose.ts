/** How commands turn numbers of chance into people, invoices, amounts and texts. */
import { U128_MAX } from "../../helpers.ts";
import type { Route } from "../operations/operation.ts";
import type { Invoice } from "../state.ts";
import type { Dice, Model } from "./step.ts";

export const pick = <T>(choices: readonly T[], chance: number): T | undefined => choices[chance % choices.length];

/** As `pick`, of choices that are known to be there. */
export function pickOf<T>(choices: readonly [T, ...T[]], chance: number): T {
  return choices[chance % choices.length]!;
}

/** One of the sequence's invoices for which this holds, younger ones more often. */
export function pickInvoice(
  { state }: Readonly<Model>,
  chance: number,
  holds: (invoice: Invoice, id: bigint) => boolean,
): [id: bigint, invoice: Invoice] | undefined {
  return pick([...state.invoices].filter(([id, invoice]) => holds(invoice, id)).reverse(), chance);
}

export const anybody = ({ cast }: Readonly<Model>, chance: number): string => pick(cast.actors, chance)!;

/** Somebody other than those. */
export const somebodyElse = ({ cast }: Readonly<Model>, chance: number, ...not: string[]): string =>
  pick(cast.actors.filter((actor) => !not.includes(actor)), chance)!;

/** A person can send through the relay; a wallet acts for itself. */
export const routeOf = ({ cast }: Readonly<Model>, sender: string, relay: boolean): Route =>
  relay && !cast.wallets.has(sender) ? "relay" : "direct";

/** Whether this actor can send through the relay. */
export const isPerson = ({ cast }: Readonly<Model>, actor: string): boolean => !cast.wallets.has(actor);

/** 1..most, with both ends often. */
export function amountUpTo(most: bigint, { size, other }: Dice): bigint {
  const choices: [bigint, ...bigint[]] = [most, 1n, 1n + (BigInt(size) % most), 1n + (BigInt(other) % most)];
  return pickOf(choices, size);
}

/** An id that no invoice of the chain has. */
export const unknownInvoice = ({ state }: Readonly<Model>, chance: number): bigint =>
  pickOf([state.lastInvoiceId + 1n, 0n, U128_MAX], chance);

const MEMOS: [string | null, ...(string | null)[]] = [null, "", "thank you", "\u{1F355}".repeat(256), "m".repeat(256)];
export const memo = (chance: number): string | null => pickOf(MEMOS, chance);

/** A token other than this one. */
export const otherToken = ({ cast }: Readonly<Model>, token: string | null, chance: number): string | null =>
  pick(cast.tokens.filter((choice) => choice !== token), chance)!;
