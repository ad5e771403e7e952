import { ReserveErr } from "../../reserve/helpers.ts";
import { anybody, isPerson, pick } from "./choose.ts";
import { revocation } from "./revoke-delegate.ts";
import { aims } from "./step.ts";

export const revokeDelegateErrors = aims("revoke-delegate", [
  [
    ReserveErr.NOT_AUTHORISED,
    (model, dice) => {
      const call = revocation(model, dice);
      return call && isPerson(model, call.sender) ? { ...call, route: "relay" } : null;
    },
  ],
  [
    // Nobody can revoke for another merchant.
    ReserveErr.NOT_DELEGATE,
    (model, dice) => ({
      name: "revoke-delegate",
      sender: anybody(model, dice.who),
      route: "direct",
      delegate: pick(model.cast.delegates, dice.what)!,
      token: pick(model.cast.tokens, dice.other)!,
    }),
  ],
]);
