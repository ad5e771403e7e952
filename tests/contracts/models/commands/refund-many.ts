import type { RefundMany } from "../operations/refund-many.ts";
import type { Refund, RefundDue } from "../operations/refund.ts";
import { refundOf } from "./refund.ts";
import { aim, type Dice, type Model } from "./step.ts";

export const dueOf = ({ invoiceId, payer, amount, expectedRefunded, reference, reason }: Refund): RefundDue => ({
  invoiceId,
  payer,
  amount,
  expectedRefunded,
  reference,
  reason,
});

/** Up to four refunds of one issuer in one token; two may be of the same payment, the second knowing of the first. */
export function batchOf(model: Readonly<Model>, dice: Dice): RefundMany | null {
  const first = refundOf(model, dice);
  if (first === null) return null;
  const { sender, token } = first;
  const refunds = [dueOf(first)];
  for (let next = 1; next <= dice.size % 4; next++) {
    const thrown = { who: dice.who + next, what: dice.what + next, size: dice.size + next, other: dice.other + next };
    const call = refundOf(model, thrown, (state, id, payer) => payer !== sender && state.invoices.get(id)!.token === token);
    if (call === null) continue;
    const already = refunds.filter((due) => due.invoiceId === call.invoiceId && due.payer === call.payer);
    const expectedRefunded = already.reduce((sum, due) => sum + due.amount, call.expectedRefunded);
    const isTaken = refunds.some((due) => due.reference === call.reference);
    refunds.push({ ...dueOf(call), expectedRefunded, reference: isTaken ? null : call.reference });
  }
  return { name: "refund-many", sender, route: "direct", refunds, token };
}

export const refundMany = aim("refund-many", "ok", batchOf);
