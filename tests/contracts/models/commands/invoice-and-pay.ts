import { BILLING_OPERATOR } from "../../helpers.ts";
import type { InvoiceAndPay } from "../operations/invoice-and-pay.ts";
import { powersOf } from "../state.ts";
import { amountUpTo, isPerson, pick, pickOf, somebodyElse } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** A payer is billed through the contract that a merchant appointed for it, or a person so appointed bills itself. */
export function billing(model: Readonly<Model>, dice: Dice): InvoiceAndPay | null {
  const { state, cast } = model;
  const appointed = cast.merchants.flatMap((merchant) =>
    [BILLING_OPERATOR, ...cast.actors]
      .filter((operator) => powersOf(state, merchant, operator)["may-invoice"])
      .filter((operator) => operator === BILLING_OPERATOR || isPerson(model, operator))
      .map((operator) => ({ merchant, operator })),
  );
  const chosen = pick(appointed, dice.what);
  if (chosen === undefined) return null;
  const isRelayed = chosen.operator === BILLING_OPERATOR;
  return {
    name: "invoice-and-pay",
    sender: isRelayed ? somebodyElse(model, dice.who, chosen.merchant) : chosen.operator,
    route: isRelayed ? "relay" : "direct",
    merchant: chosen.merchant,
    amount: amountUpTo(300n, dice),
    token: pick(cast.tokens, dice.other)!,
    refundWindow: pickOf([null, 144n, 1000n], dice.size),
    subscriptionId: pickOf([null, 0n, BigInt(dice.other)], dice.who),
  };
}

export const invoiceAndPay = aim("invoice-and-pay", "ok", billing);
