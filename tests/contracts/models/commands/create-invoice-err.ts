import { Err, U128_MAX } from "../../helpers.ts";
import { keyOf } from "../state.ts";
import { isPerson, pick, pickOf } from "./choose.ts";
import { validInvoice } from "./create-invoice.ts";
import { aims } from "./step.ts";

export const createInvoiceErrors = aims("create-invoice", [
  [
    Err.NOT_AUTHORISED,
    (model, dice) => {
      const invoice = validInvoice(model, dice);
      return isPerson(model, invoice.sender) ? { ...invoice, route: "relay" } : null;
    },
  ],
  [
    Err.INVALID_AMOUNT,
    (model, dice) => {
      const invoice = validInvoice(model, dice);
      const wrong = [{ amount: 0n }, { minPayment: 0n }, { minPayment: invoice.amount + 1n }, { minPayment: U128_MAX }];
      return { ...invoice, ...pick(wrong, dice.other) };
    },
  ],
  [
    Err.INVALID_WINDOW,
    (model, dice) => {
      const invoice = validInvoice(model, dice);
      const tooShort = invoice.minPayment === null ? 143n : 1007n;
      return { ...invoice, refundWindow: pickOf([tooShort, 0n, 52561n, U128_MAX], dice.other) };
    },
  ],
  [
    Err.INVALID_EXPIRY,
    (model, dice) => ({ ...validInvoice(model, dice), expiresIn: pickOf([0n, 52561n, U128_MAX], dice.other) }),
  ],
  [
    Err.PAYER_NOT_ALLOWED,
    (model, dice) => {
      const invoice = validInvoice(model, dice);
      return { ...invoice, onlyPayer: invoice.sender };
    },
  ],
  [Err.REFERENCE_EMPTY, (model, dice) => ({ ...validInvoice(model, dice), reference: "" })],
  [
    Err.REFERENCE_USED,
    (model, dice) => {
      const invoice = validInvoice(model, dice);
      const isUsed = (text: string) => model.state.invoiceReferences.has(keyOf(invoice.sender, text));
      return { ...invoice, reference: pick(model.cast.references.filter(isUsed), dice.other) ?? null };
    },
  ],
]);
