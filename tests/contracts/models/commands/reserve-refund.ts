import { RESERVE } from "../../reserve/helpers.ts";
import { refundable } from "../operations/refund.ts";
import { atThisPeriod, type ReserveRefund } from "../operations/reserve-refund.ts";
import { keyOf, ledgerOf, powersOf, reserveOf, type State } from "../state.ts";
import { amountUpTo, memo, pick } from "./choose.ts";
import { type Appointed, delegations } from "./revoke-delegate.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** A payment that a delegate could refund: of its merchant, in its token. */
export interface Candidate extends Appointed {
  invoiceId: bigint;
  payer: string;
}

const least = (...amounts: bigint[]): bigint => amounts.reduce((a, b) => (a < b ? a : b));

/** The most that the delegate can refund of a payment now. */
export function mostOf(state: State, { merchant, token, delegation, invoiceId, payer }: Candidate): bigint {
  const left = refundable(state, invoiceId, payer);
  const budget = delegation["per-period"] - atThisPeriod(state, delegation).spent;
  return "err" in left ? 0n : least(left.amount, delegation["per-refund"], budget, reserveOf(state, merchant, token));
}

/** Whether recoup-core lets the reserve refund for this merchant. */
export const isAppointed = (state: State, { merchant }: Candidate): boolean => powersOf(state, merchant, RESERVE)["may-refund"];

const isWilling = (state: State, candidate: Candidate): boolean =>
  state.now < candidate.delegation["expires-at"] && candidate.delegate !== candidate.payer && isAppointed(state, candidate);

const canPass = (state: State, candidate: Candidate): boolean => isWilling(state, candidate) && mostOf(state, candidate) > 0n;

/** A delegate refunds some of this kind of payment. */
export function reserveRefundOf(
  model: Readonly<Model>,
  dice: Dice,
  holds: (state: State, candidate: Candidate) => boolean = canPass,
): ReserveRefund | null {
  const { state, cast } = model;
  const candidates = delegations(model).flatMap((appointed) =>
    [...state.ledger.keys()]
      .map((key) => key.split(" ") as [string, string])
      .map(([id, payer]): Candidate => ({ ...appointed, invoiceId: BigInt(id), payer }))
      .filter(({ invoiceId, merchant, token }) => {
        const invoice = state.invoices.get(invoiceId)!;
        return invoice.merchant === merchant && invoice.token === token;
      })
      .filter((candidate) => holds(state, candidate)),
  );
  const found = pick(candidates, dice.what);
  if (found === undefined) return null;
  const { merchant, delegate, token, invoiceId, payer } = found;
  const most = mostOf(state, found);
  const unused = cast.references.filter((text) => !state.refundReferences.has(keyOf(merchant, text)));
  return {
    name: "reserve-refund",
    sender: delegate,
    route: "direct",
    invoiceId,
    payer,
    amount: most > 0n ? amountUpTo(most, dice) : 1n,
    token,
    expectedRefunded: ledgerOf(state, invoiceId, payer)!.refunded,
    reference: dice.other % 3 === 0 ? (pick(unused, dice.size) ?? null) : null,
    reason: memo(dice.other),
  };
}

export const reserveRefund = aim("reserve-refund", "ok", reserveRefundOf);
