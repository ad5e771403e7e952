import { RESERVE } from "../../reserve/helpers.ts";
import { SUBSCRIPTIONS } from "../../subscriptions/helpers.ts";
import { powersOf } from "../state.ts";
import { pick, pickOf } from "./choose.ts";
import { aim } from "./step.ts";

/** A merchant lets recoup-subscriptions bill for it, or recoup-reserve refund for it; now and then it takes that back. */
export const appoint = aim("set-operator", "ok", (model, { who, what, size }) => {
  const { state, cast } = model;
  const operator = pickOf([SUBSCRIPTIONS, RESERVE], what);
  const stays = size % 6 !== 5;
  const without = cast.merchants.filter((merchant) => {
    const powers = powersOf(state, merchant, operator);
    return !powers["may-refund"] && !powers["may-invoice"];
  });
  return {
    name: "set-operator",
    sender: (stays ? pick(without, who) : undefined) ?? pick(cast.merchants, who)!,
    route: "direct",
    operator,
    mayRefund: stays && operator === RESERVE,
    mayInvoice: stays && operator === SUBSCRIPTIONS,
  };
});
