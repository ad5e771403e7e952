import { Err, U128_MAX } from "../../helpers.ts";
import { RESERVE, ReserveErr } from "../../reserve/helpers.ts";
import { refundable } from "../operations/refund.ts";
import { atThisPeriod, type ReserveRefund } from "../operations/reserve-refund.ts";
import { isMoody } from "../operations/transfer.ts";
import { balanceOf, keyOf, ledgerOf, reserveOf, type State } from "../state.ts";
import { anybody, isPerson, otherToken, pick, pickOf, unknownInvoice } from "./choose.ts";
import { type Candidate, isAppointed, mostOf, reserveRefundOf } from "./reserve-refund.ts";
import { delegations } from "./revoke-delegate.ts";
import { aims, type Dice, type Maker, type Model } from "./step.ts";

type Holds = (state: State, candidate: Candidate) => boolean;

/** A refund that would pass, or of another kind of payment, but for what `spoil` changes. */
const spoilt = (
  spoil: (call: ReserveRefund, model: Readonly<Model>, dice: Dice) => Partial<ReserveRefund> | null,
  holds?: Holds,
): Maker<ReserveRefund> => (model, dice) => {
  const call = reserveRefundOf(model, dice, holds);
  const change = call && spoil(call, model, dice);
  return call && change && { ...call, ...change };
};

const any: Holds = () => true;
const inTime: Holds = (state, { delegation, delegate, payer }) => state.now < delegation["expires-at"] && delegate !== payer;
const leftOf = (state: State, { invoiceId, payer }: Candidate | ReserveRefund): bigint => {
  const left = refundable(state, invoiceId, payer);
  return "err" in left ? 0n : left.amount;
};
const endsIn = (code: number): Holds => (state, { invoiceId, payer }) => {
  const left = refundable(state, invoiceId, payer);
  return "err" in left && left.err === code;
};

const isMoodyAndDue: Holds = (state, candidate) =>
  candidate.token !== null && isMoody(candidate.token) && inTime(state, candidate) && isAppointed(state, candidate) && mostOf(state, candidate) > 0n;

/** In the token that can turn hostile; whether it did is up to the sequence. */
const moody: Maker<ReserveRefund> = (model, dice) => reserveRefundOf(model, dice, isMoodyAndDue);

/** All that the reserve holds of that token. */
export const lastCoin: Maker<ReserveRefund> = (model, dice) => {
  const held = balanceOf(model.state, model.cast.tokens[2], RESERVE);
  const call = reserveRefundOf(model, dice, (state, candidate) => isMoodyAndDue(state, candidate) && held <= mostOf(state, candidate));
  return call && { ...call, amount: held };
};

const usedReference: Maker<ReserveRefund> = spoilt((call, model, dice) => {
  const { merchant } = model.state.invoices.get(call.invoiceId)!;
  const used = model.cast.references.filter((text) => model.state.refundReferences.has(keyOf(merchant, text)));
  return { reference: pick(used, dice.size) ?? null, amount: pickOf([call.amount, 0n, U128_MAX], dice.other) };
}, any);

/** Somebody who is nobody's delegate in what this invoice is paid in. */
const stranger: Maker<ReserveRefund> = spoilt((call, model, dice) => {
  const { merchant, token } = model.state.invoices.get(call.invoiceId)!;
  const known = delegations(model).filter((one) => one.merchant === merchant && one.token === token).map(({ delegate }) => delegate);
  return { sender: pick(model.cast.actors.filter((actor) => !known.includes(actor)), dice.who)! };
}, any);

export const reserveRefundErrors = aims("reserve-refund", [
  [Err.INVOICE_NOT_FOUND, spoilt((_, model, { other }) => ({ invoiceId: unknownInvoice(model, other) }), any)],
  [ReserveErr.NOT_DELEGATE, stranger],
  [ReserveErr.NOT_AUTHORISED, spoilt((call, model) => (isPerson(model, call.sender) ? { route: "relay" } : null), any)],
  [Err.REFERENCE_EMPTY, spoilt(() => ({ reference: "" }), any)],
  [Err.REFERENCE_USED, usedReference],
  [
    Err.NOTHING_PAID,
    spoilt((call, model, { who }) => {
      const payer = anybody(model, who);
      return ledgerOf(model.state, call.invoiceId, payer) === undefined ? { payer } : null;
    }, any),
  ],
  [Err.WINDOW_EXPIRED, spoilt(() => ({}), endsIn(Err.WINDOW_EXPIRED))],
  [Err.FULLY_REFUNDED, spoilt(() => ({}), endsIn(Err.FULLY_REFUNDED))],
  [
    ReserveErr.TOKEN_MISMATCH,
    spoilt((call, model, { other }) => ({ token: otherToken(model, call.token, other) }), (state, candidate) => leftOf(state, candidate) > 0n),
  ],
  [ReserveErr.DELEGATE_IS_PAYER, spoilt(() => ({}), (_, { delegate, payer }) => delegate === payer)],
  [ReserveErr.DELEGATION_EXPIRED, spoilt(() => ({}), (state, { delegation }) => state.now >= delegation["expires-at"])],
  [ReserveErr.INVALID_AMOUNT, spoilt(() => ({ amount: 0n }))],
  [
    ReserveErr.ABOVE_LIMIT,
    spoilt((call, model, { other }) => {
      const { merchant } = model.state.invoices.get(call.invoiceId)!;
      const { "per-refund": limit } = model.state.delegates.get(keyOf(merchant, call.sender, call.token))!;
      return { amount: pickOf([limit + 1n, U128_MAX], other) };
    }),
  ],
  [
    ReserveErr.BUDGET_SPENT,
    spoilt((call, model) => {
      const { merchant } = model.state.invoices.get(call.invoiceId)!;
      const delegation = model.state.delegates.get(keyOf(merchant, call.sender, call.token))!;
      return { amount: delegation["per-period"] - atThisPeriod(model.state, delegation).spent + 1n };
    }, (state, candidate) =>
      inTime(state, candidate) && leftOf(state, candidate) > 0n && atThisPeriod(state, candidate.delegation).spent > 0n),
  ],
  [
    ReserveErr.RESERVE_TOO_LOW,
    spoilt((call, model) => {
      const { merchant } = model.state.invoices.get(call.invoiceId)!;
      return { amount: reserveOf(model.state, merchant, call.token) + 1n };
    }, (state, candidate) => inTime(state, candidate) && leftOf(state, candidate) > 0n),
  ],
  [
    Err.NOT_AUTHORISED,
    spoilt(() => ({}), (state, candidate) => inTime(state, candidate) && mostOf(state, candidate) > 0n && !isAppointed(state, candidate)),
  ],
  [
    Err.LEDGER_CHANGED,
    spoilt(({ expectedRefunded: is }, _, { other }) => ({ expectedRefunded: pickOf([is + 1n, is === 0n ? U128_MAX : 0n], other) })),
  ],
  [
    Err.MORE_THAN_REFUNDABLE,
    spoilt((call, model) => ({ amount: leftOf(model.state, call) + 1n }), (state, candidate) => {
      const { delegation, merchant, token } = candidate;
      const wanted = leftOf(state, candidate) + 1n;
      const budget = delegation["per-period"] - atThisPeriod(state, delegation).spent;
      const isCovered = wanted <= delegation["per-refund"] && wanted <= budget && wanted <= reserveOf(state, merchant, token);
      return wanted > 1n && isCovered && inTime(state, candidate) && isAppointed(state, candidate);
    }),
  ],
  [
    // The token wants to move more than the amount, and the reserve has no more of it.
    Err.INSUFFICIENT_BALANCE,
    lastCoin,
  ],
  [Err.TRANSFER_FAILED, moody],
  [Err.FORBIDDEN_TRANSFER, moody],
]);
