import { keyOf, ledgerOf, powersOf, type State } from "../state.ts";
import { type Refund, refundable } from "../operations/refund.ts";
import { amountUpTo, memo, pick } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** Who may refund for this merchant. */
export const issuersOf = ({ state, cast }: Readonly<Model>, merchant: string): string[] => [
  merchant,
  ...cast.actors.filter((actor) => actor !== merchant && powersOf(state, merchant, actor)["may-refund"]),
];

const isRefundable = (state: State, invoiceId: bigint, payer: string) => "amount" in refundable(state, invoiceId, payer);

/** Something of what this kind of payer paid goes back, from the merchant or an operator. */
export function refundOf(
  model: Readonly<Model>,
  dice: Dice,
  holds: (state: State, invoiceId: bigint, payer: string) => boolean = isRefundable,
): Refund | null {
  const { state, cast } = model;
  const payments = [...state.ledger.keys()].reverse().map((key) => key.split(" ") as [string, string]);
  const [id, payer] = pick(payments.filter(([id, payer]) => holds(state, BigInt(id), payer)), dice.what) ?? [];
  if (id === undefined || payer === undefined) return null;
  const invoiceId = BigInt(id);
  const { merchant, token } = state.invoices.get(invoiceId)!;
  const { paid, refunded } = ledgerOf(state, invoiceId, payer)!;
  const unused = cast.references.filter((text) => !state.refundReferences.has(keyOf(merchant, text)));
  return {
    name: "refund",
    sender: pick(issuersOf(model, merchant), dice.who)!,
    route: "direct",
    invoiceId,
    payer,
    amount: paid > refunded ? amountUpTo(paid - refunded, dice) : 1n,
    token,
    expectedRefunded: refunded,
    reference: dice.other % 3 === 0 ? (pick(unused, dice.size) ?? null) : null,
    reason: memo(dice.other),
  };
}

export const refund = aim("refund", "ok", refundOf);
