import { U128_MAX } from "../../helpers.ts";
import type { CreateInvoice } from "../operations/create-invoice.ts";
import { keyOf } from "../state.ts";
import { memo, pick, pickOf, somebodyElse } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** Terms that recoup-core takes, mostly such that other commands have much to do with them. */
export function validInvoice(model: Readonly<Model>, dice: Dice): CreateInvoice {
  const { cast, state } = model;
  const merchant = pick(cast.merchants, dice.who)!;
  const amount = pickOf<bigint>([100n, 1n, 2n + (BigInt(dice.size) % 5000n), 50n, 900n], dice.size);
  const takesInstalments = dice.other % 3 !== 0;
  const shortest = takesInstalments ? 1008n : 144n;
  const unused = cast.references.filter((text) => !state.invoiceReferences.has(keyOf(merchant, text)));
  return {
    name: "create-invoice",
    sender: merchant,
    route: "direct",
    amount,
    token: pick(cast.tokens, dice.what)!,
    expiresIn: pickOf([1000n, 5000n, 52560n, 2n, 20000n, 300n], dice.other),
    refundWindow: pickOf([shortest, null, shortest + 1n, 3000n, 1008n], dice.what),
    minPayment: takesInstalments ? 1n + (BigInt(dice.other) % ((amount + 3n) / 4n)) : null,
    onlyPayer: dice.size % 6 === 5 ? somebodyElse(model, dice.who, merchant) : null,
    reference: dice.who % 4 === 1 ? (pick(unused, dice.size) ?? null) : null,
    memo: memo(dice.who),
  };
}

/** Terms at the very ends of what is allowed. */
const extremeInvoice = (model: Readonly<Model>, dice: Dice): CreateInvoice => ({
  ...validInvoice(model, dice),
  amount: U128_MAX,
  expiresIn: 52560n,
  refundWindow: 52560n,
  minPayment: pickOf([1n, U128_MAX], dice.size),
});

export const createInvoice = aim("create-invoice", "ok", validInvoice);
export const createExtremeInvoice = aim("create-invoice", "ok", extremeInvoice);
