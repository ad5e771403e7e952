/** What an operation is to the model: how it is called, and what the specification says it does. */
import type { ClarityValue } from "@stacks/transactions";
import type { PlainTuple, Transfer } from "../../helpers.ts";
import type { Invoice, State } from "../state.ts";

/** Straight to the contract, or through another that passes the call on under its caller's name. */
export type Route = "direct" | "relay";

export interface Sent {
  sender: string;
  route: Route;
}

/** Printed by recoup-core, unless it says by whom. */
export type ModelEvent = { print: PlainTuple; by?: string } | Transfer;

/** Refused with this code and nothing changed, or answered with the state after it. */
export type Expected = { err: number } | { ok: bigint | boolean; state: State; events: ModelEvent[] };

/** A call as a contract's function and arguments. */
export interface Wire {
  /** When it is not recoup-core. */
  contract?: string;
  /** The contract that passes the call on, when it is not the usual one. */
  relay?: string;
  /** What relay and wallets call the function, when they have another name for it. */
  proxy?: string;
  fn: string;
  args: ClarityValue[];
}

export const refused = (err: number): Expected => ({ err });

/** The part that all events of an invoice share. */
export const invoiceFacts = (invoice: Invoice): PlainTuple => ({
  merchant: invoice.merchant,
  "amount-paid": invoice["amount-paid"],
  "amount-refunded": invoice["amount-refunded"],
  status: invoice.status,
  "refund-window": invoice["refund-window"],
  "first-payment-at": invoice["first-payment-at"],
  "expires-at": invoice["expires-at"],
});
