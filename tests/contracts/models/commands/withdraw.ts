import type { Withdraw } from "../operations/withdraw.ts";
import { amountUpTo, pick } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** All reserves of the sequence that are not empty. */
export const reserves = ({ state, cast }: Readonly<Model>): { merchant: string; token: string | null; amount: bigint }[] =>
  [...state.reserves]
    .filter(([, amount]) => amount > 0n)
    .map(([key, amount]) => {
      const [merchant, asset] = key.split(" ") as [string, string];
      return { merchant, token: cast.tokens.find((token) => (token ?? "STX") === asset)!, amount };
    });

/** A merchant takes back some of a reserve that it has in this kind of token. */
export function withdrawal(model: Readonly<Model>, dice: Dice, holds: (token: string | null) => boolean = () => true): Withdraw | null {
  const found = pick(reserves(model).filter(({ token }) => holds(token)), dice.what);
  return found === undefined
    ? null
    : { name: "withdraw", sender: found.merchant, route: "direct", amount: amountUpTo(found.amount, dice), token: found.token };
}

export const withdraw = aim("withdraw", "ok", withdrawal);
