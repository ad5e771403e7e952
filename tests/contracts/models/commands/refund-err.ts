import { Err, U128_MAX } from "../../helpers.ts";
import { type Refund, refundable } from "../operations/refund.ts";
import { isMoody } from "../operations/transfer.ts";
import { balanceOf, keyOf, ledgerOf, powersOf, type State } from "../state.ts";
import { isPerson, otherToken, pick, pickOf, somebodyElse, unknownInvoice } from "./choose.ts";
import { issuersOf, refundOf } from "./refund.ts";
import { aims, type Dice, type Model } from "./step.ts";

type RefundMaker = (model: Readonly<Model>, dice: Dice) => Refund | null;

const isRefusedWith = (code: number) => (state: State, invoiceId: bigint, payer: string): boolean => {
  const left = refundable(state, invoiceId, payer);
  return "err" in left && left.err === code;
};

/** A refund that would pass, but for what `spoil` changes. */
const spoilt = (spoil: (call: Refund, model: Readonly<Model>, dice: Dice) => Partial<Refund> | null): RefundMaker =>
  (model, dice) => {
    const call = refundOf(model, dice);
    const change = call && spoil(call, model, dice);
    return call && change && { ...call, ...change };
  };

/** In the token that can turn hostile; whether it did is up to the sequence. */
const moodyRefund: RefundMaker = (model, dice) =>
  refundOf(model, dice, (state, invoiceId, payer) => {
    const { token } = state.invoices.get(invoiceId)!;
    return token !== null && isMoody(token) && "amount" in refundable(state, invoiceId, payer);
  });

const usedReference: RefundMaker = (model, dice) => {
  // Whatever became of the invoice since: closed window, nothing left, wrong amount or token.
  const call = refundOf(model, dice, () => true);
  if (call === null) return null;
  const { merchant } = model.state.invoices.get(call.invoiceId)!;
  const used = model.cast.references.filter((text) => model.state.refundReferences.has(keyOf(merchant, text)));
  const wrong = pick<Partial<Refund>>([{}, { amount: 0n }, { token: otherToken(model, call.token, dice.size) }], dice.other);
  return { ...call, ...wrong, reference: pick(used, dice.size) ?? null };
};

/** An operator that paid refunds itself. */
const refundByPayer: RefundMaker = (model, dice) => {
  const call = refundOf(model, dice, (state, invoiceId, payer) =>
    powersOf(state, state.invoices.get(invoiceId)!.merchant, payer)["may-refund"],
  );
  return call && { ...call, sender: call.payer };
};

/** Each error of a refund, and a refund that ends in it; a batch ends in the same ones. */
export const refundSpoilers: [number, RefundMaker][] = [
  [
    Err.NOT_AUTHORISED,
    spoilt((call, model, { who, other }) => {
      if (other % 3 === 0) return isPerson(model, call.sender) ? { route: "relay" } : null;
      const { merchant } = model.state.invoices.get(call.invoiceId)!;
      return { sender: somebodyElse(model, who, ...issuersOf(model, merchant)) };
    }),
  ],
  [Err.INVOICE_NOT_FOUND, spoilt((_, model, { other }) => ({ invoiceId: unknownInvoice(model, other) }))],
  [Err.REFERENCE_EMPTY, spoilt(() => ({ reference: "" }))],
  [Err.REFERENCE_USED, usedReference],
  [Err.TOKEN_MISMATCH, spoilt((call, model, { other }) => ({ token: otherToken(model, call.token, other) }))],
  [
    Err.NOTHING_PAID,
    spoilt((call, model, { other }) => ({
      payer: pick(
        model.cast.actors.filter((actor) => ledgerOf(model.state, call.invoiceId, actor) === undefined),
        other,
      )!,
    })),
  ],
  [Err.WINDOW_EXPIRED, (model, dice) => refundOf(model, dice, isRefusedWith(Err.WINDOW_EXPIRED))],
  [Err.FULLY_REFUNDED, (model, dice) => refundOf(model, dice, isRefusedWith(Err.FULLY_REFUNDED))],
  [Err.INVALID_AMOUNT, spoilt(() => ({ amount: 0n }))],
  [
    Err.LEDGER_CHANGED,
    spoilt(({ expectedRefunded: is, amount }, _, { other }) => ({
      expectedRefunded: pickOf([is + 1n, is + amount, is === 0n ? U128_MAX : 0n, U128_MAX], other),
    })),
  ],
  [
    Err.MORE_THAN_REFUNDABLE,
    spoilt((call, model, { other }) => {
      const { paid, refunded } = ledgerOf(model.state, call.invoiceId, call.payer)!;
      return { amount: pickOf([paid - refunded + 1n, paid + 1n, U128_MAX], other) };
    }),
  ],
  [Err.PAYER_NOT_ALLOWED, refundByPayer],
  [
    Err.INSUFFICIENT_BALANCE,
    spoilt((call, model) => {
      const { merchant } = model.state.invoices.get(call.invoiceId)!;
      const { paid, refunded } = ledgerOf(model.state, call.invoiceId, call.payer)!;
      const left = paid - refunded;
      const poor = issuersOf(model, merchant).find(
        (issuer) => issuer !== call.payer && balanceOf(model.state, call.token, issuer) < left,
      );
      return poor === undefined ? null : { sender: poor, amount: left };
    }),
  ],
  [Err.TRANSFER_FAILED, moodyRefund],
  [Err.FORBIDDEN_TRANSFER, moodyRefund],
];

export const refundErrors = aims("refund", refundSpoilers);
