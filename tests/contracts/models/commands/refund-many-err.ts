import { Err } from "../../helpers.ts";
import type { RefundMany } from "../operations/refund-many.ts";
import { batchOf, dueOf } from "./refund-many.ts";
import { refundSpoilers } from "./refund-err.ts";
import { type Aim, aim, aims, type Maker } from "./step.ts";

/** A batch whose last item, of the same issuer and token, ends in this error: all the others must be undone. */
const spoiltBy = (make: (typeof refundSpoilers)[number][1]): Maker<RefundMany> => (model, dice) => {
  const last = make(model, { ...dice, what: dice.what + 1 });
  if (last === null) return null;
  const { sender, route, token } = last;
  const batch = route === "direct" ? batchOf(model, dice) : null;
  const others = batch?.sender === sender && batch.token === token ? batch.refunds : [];
  return { name: "refund-many", sender, route, refunds: [...others, dueOf(last)], token };
};

const inBatch: Aim[] = refundSpoilers.map(([code, make]) => aim("refund-many", code, spoiltBy(make)));

export const refundManyErrors: Aim[] = [
  ...inBatch,
  ...aims("refund-many", [
    [
      Err.EMPTY_BATCH,
      (model, { who, what }) => ({
        name: "refund-many",
        sender: model.cast.actors[who % model.cast.actors.length]!,
        route: "direct",
        refunds: [],
        token: model.cast.tokens[what % 3]!,
      }),
    ],
  ]),
];
