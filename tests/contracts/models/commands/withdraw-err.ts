import { U128_MAX } from "../../helpers.ts";
import { ReserveErr } from "../../reserve/helpers.ts";
import { isMoody } from "../operations/transfer.ts";
import { reserveOf } from "../state.ts";
import { anybody, isPerson, pick, pickOf } from "./choose.ts";
import { aims, type Dice, type Model } from "./step.ts";
import { withdrawal } from "./withdraw.ts";

/** In the token that can turn hostile; whether it did is up to the sequence. */
const moody = (model: Readonly<Model>, dice: Dice) => withdrawal(model, dice, (token) => token !== null && isMoody(token));

export const withdrawErrors = aims("withdraw", [
  [
    ReserveErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = withdrawal(model, dice);
      return call && isPerson(model, call.sender) ? { ...call, route: "relay" } : null;
    },
  ],
  [
    ReserveErr.INVALID_AMOUNT,
    (model, dice) => {
      const call = withdrawal(model, dice);
      return call && { ...call, amount: 0n };
    },
  ],
  [
    ReserveErr.RESERVE_TOO_LOW,
    (model, dice) => {
      // Whoever asks, and however much others have there.
      const sender = anybody(model, dice.who);
      const token = pick(model.cast.tokens, dice.what)!;
      const amount = pickOf([reserveOf(model.state, sender, token) + 1n, U128_MAX], dice.other);
      return { name: "withdraw", sender, route: "direct", amount, token };
    },
  ],
  [ReserveErr.TRANSFER_FAILED, moody],
  [ReserveErr.FORBIDDEN_TRANSFER, moody],
]);
