import type { SetDelegate } from "../operations/set-delegate.ts";
import { pick, pickOf } from "./choose.ts";
import { reserves } from "./withdraw.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** A merchant lets one of the operators refund, mostly from a reserve that it has; some limits are narrow, some are none. */
export function delegation(model: Readonly<Model>, { who, what, size, other }: Dice): SetDelegate {
  const reserve = other % 5 === 0 ? undefined : pick(reserves(model), other);
  const perRefund = pickOf([100n, 20n, 5000n, 1n + (BigInt(size) % 60n)], size);
  return {
    name: "set-delegate",
    sender: reserve?.merchant ?? pick(model.cast.merchants, who)!,
    route: "direct",
    delegate: pick(model.cast.delegates, what)!,
    token: reserve === undefined ? pick(model.cast.tokens, other)! : reserve.token,
    perRefund,
    perPeriod: pickOf([perRefund * 2n, perRefund, perRefund + 10n, 10_000n], what),
    period: pickOf([500n, 1n, 40n, 52560n], who),
    expiresIn: pickOf([2000n, 52560n, 10n, 5000n], size + who),
  };
}

export const setDelegate = aim("set-delegate", "ok", delegation);
