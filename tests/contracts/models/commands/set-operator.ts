import type { SetOperator } from "../operations/set-operator.ts";
import { anybody, pick } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** Mostly a merchant appoints one of the operators; sometimes anybody appoints anybody, or takes the powers back. */
export function appointment(model: Readonly<Model>, { who, what, size, other }: Dice): SetOperator {
  const odd = other % 8 === 7;
  return {
    name: "set-operator",
    sender: odd ? anybody(model, who) : pick(model.cast.merchants, who)!,
    route: "direct",
    operator: odd ? anybody(model, what) : pick(model.cast.operators, what)!,
    mayRefund: size % 4 !== 3,
    mayInvoice: size % 8 < 6,
  };
}

export const setOperator = aim("set-operator", "ok", appointment);
