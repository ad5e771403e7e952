import { Err, U128_MAX } from "../../helpers.ts";
import { isMoody } from "../operations/transfer.ts";
import { balanceOf } from "../state.ts";
import { otherToken, pick, pickOf, somebodyElse, unknownInvoice } from "./choose.ts";
import { furtherPayment, isPayable, payment } from "./pay.ts";
import { aims, type Dice, type Model } from "./step.ts";

/** In the token that can turn hostile; whether it did is up to the sequence. */
const moodyPayment = (model: Readonly<Model>, dice: Dice) =>
  payment(model, dice, (invoice) => isPayable(model.state, invoice) && invoice.token !== null && isMoody(invoice.token));

export const payErrors = aims("pay", [
  [
    Err.INVOICE_NOT_FOUND,
    (model, dice) => {
      const call = payment(model, dice, () => true);
      return call && { ...call, invoiceId: unknownInvoice(model, dice.other) };
    },
  ],
  [
    Err.MERCHANT_MISMATCH,
    (model, dice) => {
      const call = payment(model, dice);
      return call && { ...call, merchant: somebodyElse(model, dice.other, call.merchant) };
    },
  ],
  [
    Err.TOKEN_MISMATCH,
    (model, dice) => {
      const call = payment(model, dice);
      return call && { ...call, token: otherToken(model, call.token, dice.other) };
    },
  ],
  [
    Err.PAYER_NOT_ALLOWED,
    (model, dice) => {
      const call = payment(model, dice);
      if (call === null) return null;
      const only = model.state.invoices.get(call.invoiceId)!["only-payer"];
      const sender = only === null ? call.merchant : somebodyElse(model, dice.other, only);
      return { ...call, sender, route: "direct" };
    },
  ],
  [
    Err.NOT_PAYABLE,
    (model, dice) => {
      const { state } = model;
      const call = payment(model, dice, (invoice) => !isPayable(state, invoice) && state.now < invoice["expires-at"]);
      return call && { ...call, amount: pickOf([call.amount, 1n, 0n, U128_MAX], dice.size) };
    },
  ],
  [
    Err.INVOICE_EXPIRED,
    (model, dice) => payment(model, dice, (invoice) => model.state.now >= invoice["expires-at"]),
  ],
  [
    Err.INVALID_AMOUNT,
    (model, dice) => {
      const call = payment(model, dice);
      return call && { ...call, amount: 0n };
    },
  ],
  [
    Err.MORE_THAN_DUE,
    (model, dice) => {
      const call = payment(model, dice, (invoice) => isPayable(model.state, invoice) && invoice.amount < U128_MAX);
      if (call === null) return null;
      const invoice = model.state.invoices.get(call.invoiceId)!;
      return { ...call, amount: pickOf([invoice.amount - invoice["amount-paid"] + 1n, invoice.amount + 1n, U128_MAX], dice.other) };
    },
  ],
  [
    Err.BELOW_MIN_PAYMENT,
    (model, dice) => {
      const call = payment(model, dice);
      if (call === null) return null;
      const { "min-payment": least, amount } = model.state.invoices.get(call.invoiceId)!;
      return { ...call, amount: pickOf([(least ?? amount) - 1n, 1n], dice.other) };
    },
  ],
  [Err.INSTALMENT_TOO_LATE, (model, dice) => furtherPayment(model, dice, (deadline) => deadline - model.state.now < 144n)],
  [
    Err.INSUFFICIENT_BALANCE,
    (model, dice) => {
      const call = payment(model, dice);
      if (call === null) return null;
      const invoice = model.state.invoices.get(call.invoiceId)!;
      const due = invoice.amount - invoice["amount-paid"];
      const { actors } = model.cast;
      const poor = actors.filter((actor) => actor !== call.merchant && balanceOf(model.state, call.token, actor) < due);
      return { ...call, sender: pick(poor, dice.who) ?? call.sender, route: "direct", amount: due };
    },
  ],
  [Err.TRANSFER_FAILED, moodyPayment],
  [Err.FORBIDDEN_TRANSFER, moodyPayment],
]);
