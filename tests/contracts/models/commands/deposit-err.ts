import { U128_MAX } from "../../helpers.ts";
import { ReserveErr } from "../../reserve/helpers.ts";
import { balanceOf, reserveOf } from "../state.ts";
import { isPerson, pick } from "./choose.ts";
import { funding } from "./deposit.ts";
import { aims, type Dice, type Model } from "./step.ts";

/** In the token that can turn hostile; whether it did is up to the sequence. */
const moody = (model: Readonly<Model>, dice: Dice) => ({ ...funding(model, dice), amount: 10n, token: model.cast.tokens[2] });

export const depositErrors = aims("deposit", [
  [
    ReserveErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = funding(model, dice);
      return isPerson(model, call.sender) ? { ...call, route: "relay" } : null;
    },
  ],
  [
    ReserveErr.INVALID_AMOUNT,
    (model, dice) => {
      const call = funding(model, dice);
      const before = reserveOf(model.state, call.sender, call.token);
      return { ...call, amount: before > 0n && dice.other % 2 === 0 ? U128_MAX - before + 1n : 0n };
    },
  ],
  [
    ReserveErr.TRANSFER_FAILED,
    (model, dice) => {
      if (dice.other % 2 === 0) return moody(model, dice);
      const call = funding(model, dice);
      const tooMuch = [balanceOf(model.state, call.token, call.sender) + 1n, U128_MAX];
      return { ...call, amount: pick(tooMuch, dice.size)! };
    },
  ],
  [ReserveErr.FORBIDDEN_TRANSFER, moody],
]);
