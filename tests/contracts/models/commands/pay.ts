import { Status } from "../../helpers.ts";
import type { Pay } from "../operations/pay.ts";
import { deadlineOf, type Invoice, ledgerOf, type State } from "../state.ts";
import { amountUpTo, pick, pickInvoice, routeOf, somebodyElse } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

const isKnownToken = ({ cast }: Readonly<Model>, token: string | null) => cast.tokens.some((known) => known === token);

export const isPayable = (state: State, invoice: Invoice): boolean =>
  invoice.status <= Status.PARTIALLY_PAID && invoice["amount-refunded"] === 0n && state.now < invoice["expires-at"];

/** A payment of what is due, or of an instalment, of this kind of invoice, by somebody who may pay it. */
export function payment(
  model: Readonly<Model>,
  dice: Dice,
  holds: (invoice: Invoice, id: bigint) => boolean = (invoice) => isPayable(model.state, invoice),
): Pay | null {
  const [invoiceId, invoice] =
    pickInvoice(model, dice.what, (one, id) => isKnownToken(model, one.token) && holds(one, id)) ?? [];
  if (invoiceId === undefined || invoice === undefined) return null;
  const due = invoice.amount - invoice["amount-paid"];
  const least = invoice["min-payment"];
  const instalment = least === null || least >= due ? due : least - 1n + amountUpTo(due - least + 1n, dice);
  const payer = invoice["only-payer"] ?? pick(model.cast.payers.filter((actor) => actor !== invoice.merchant), dice.who)!;
  return {
    name: "pay",
    sender: payer,
    route: routeOf(model, payer, dice.other % 5 === 4),
    invoiceId,
    merchant: invoice.merchant,
    amount: dice.size % 4 === 3 || instalment <= 0n ? due : instalment,
    token: invoice.token,
  };
}

/** Somebody who paid before pays again. */
export function furtherPayment(model: Readonly<Model>, dice: Dice, holds: (deadline: bigint) => boolean): Pay | null {
  const { state, cast } = model;
  const again = (invoice: Invoice, id: bigint) =>
    cast.actors.filter((actor) => {
      const entry = ledgerOf(state, id, actor);
      return entry !== undefined && holds(deadlineOf(invoice, entry));
    });
  const call = payment(model, dice, (invoice, id) => isPayable(state, invoice) && again(invoice, id).length > 0);
  if (call === null) return null;
  const sender = pick(again(state.invoices.get(call.invoiceId)!, call.invoiceId), dice.who)!;
  return { ...call, sender, route: "direct" };
}

export const pay = aim("pay", "ok", payment);
/** Any actor may pay, also a merchant that of another. */
export const payByAnybody = aim("pay", "ok", (model, dice) => {
  const call = payment(model, dice);
  return call && { ...call, sender: somebodyElse(model, dice.other, call.merchant), route: "direct" };
});
/** A second instalment of the same payer. */
export const payAgain = aim("pay", "ok", (model, dice) => furtherPayment(model, dice, () => true));
