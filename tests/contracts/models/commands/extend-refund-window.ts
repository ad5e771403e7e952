import type { ExtendRefundWindow } from "../operations/extend-refund-window.ts";
import type { Invoice } from "../state.ts";
import { pickInvoice, pickOf } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

/** The merchant lengthens a window of this kind of invoice. */
export function extension(
  model: Readonly<Model>,
  dice: Dice,
  holds: (invoice: Invoice) => boolean = () => true,
): ExtendRefundWindow | null {
  const [invoiceId, invoice] = pickInvoice(model, dice.what, holds) ?? [];
  if (invoiceId === undefined || invoice === undefined) return null;
  const window = invoice["refund-window"];
  return {
    name: "extend-refund-window",
    sender: invoice.merchant,
    route: "direct",
    invoiceId,
    newWindow: pickOf([window + 1n, window + 10n + (BigInt(dice.other) % 300n), window + 200n, 52560n], dice.size),
  };
}

export const extendRefundWindow = aim("extend-refund-window", "ok", extension);
