/** What a call names to be moved, whatever the contracts and tokens make of it. */
import { RESERVE } from "../reserve/helpers.ts";
import type { Call } from "./operations/index.ts";
import type { RefundDue } from "./operations/refund.ts";

export interface NamedMove {
  from: string;
  to: string;
  amount: bigint;
}

/** The payers that a call names, when it is a refund. */
export function duesOf(call: Call): RefundDue[] {
  if (call.name === "refund" || call.name === "reserve-refund") return [call];
  return call.name === "refund-many" ? call.refunds : [];
}

export const isPayment = (call: Call) =>
  call.name === "pay" || call.name === "invoice-and-pay" || call.name === "subscribe" || call.name === "pay-subscription";

/** All moves, each in the call's token; none for a call that moves nothing. */
export function movesOf(call: Call): NamedMove[] {
  switch (call.name) {
    case "pay":
    case "invoice-and-pay":
    case "subscribe":
    case "pay-subscription":
      return [{ from: call.sender, to: call.merchant, amount: call.amount }];
    case "deposit":
      return [{ from: call.sender, to: RESERVE, amount: call.amount }];
    case "withdraw":
      return [{ from: RESERVE, to: call.sender, amount: call.amount }];
    default: {
      const from = call.name === "reserve-refund" ? RESERVE : call.sender;
      return duesOf(call).map(({ payer, amount }) => ({ from, to: payer, amount }));
    }
  }
}
