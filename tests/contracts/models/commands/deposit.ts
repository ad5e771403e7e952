import type { Deposit } from "../operations/deposit.ts";
import { RESERVE } from "../../reserve/helpers.ts";
import { balanceOf } from "../state.ts";
import { amountUpTo, pick } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** Mostly what a few refunds take, from a merchant that has been paid in this token. */
export function funding(model: Readonly<Model>, dice: Dice): Deposit {
  const paid = [...model.state.invoices.values()].filter((invoice) => invoice["amount-paid"] > 0n);
  const { merchant: sender, token } = pick(paid, dice.other) ?? {
    merchant: pick(model.cast.merchants, dice.who)!,
    token: pick(model.cast.tokens, dice.what)!,
  };
  const held = balanceOf(model.state, token, sender);
  const most = held < 400n || dice.other % 8 === 0 ? held : 400n;
  return { name: "deposit", sender, route: "direct", amount: most === 0n ? 1n : amountUpTo(most, dice), token };
}

export const deposit = aim("deposit", "ok", funding);
/** So little, where there is nothing yet, that a refund can take all of it. */
export const depositLittle = aim("deposit", "ok", (model, dice) => {
  const token = model.cast.tokens[2];
  if (balanceOf(model.state, token, RESERVE) > 0n) return null;
  const paid = [...model.state.invoices.values()].filter((invoice) => invoice.token === token && invoice["amount-paid"] > 0n);
  const sender = pick(paid, dice.who)?.merchant ?? pick(model.cast.merchants, dice.who)!;
  return { ...funding(model, dice), sender, amount: 1n + (BigInt(dice.size) % 10n), token };
});
