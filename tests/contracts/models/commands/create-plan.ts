import type { CreatePlan } from "../operations/create-plan.ts";
import { pick, pickOf } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** Terms that recoup-subscriptions takes; a few are too dear for everybody. */
export const validPlan = (model: Readonly<Model>, { who, what, size, other }: Dice): CreatePlan => ({
  name: "create-plan",
  sender: pick(model.cast.merchants, who)!,
  route: "direct",
  token: pick(model.cast.tokens, what)!,
  amount: pickOf([50n, 1n, 1n + (BigInt(size) % 300n), 40n, 30_000n], size),
  interval: pickOf([100n, 1n, 30n, 1000n, 52560n], other),
  refundWindow: pickOf([null, 144n, 1008n, 52560n], size),
});

export const createPlan = aim("create-plan", "ok", validPlan);
