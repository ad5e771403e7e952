/**
 * Errors that a function's source names, and that no call of it can end in; each with the reason. The documents leave them
 * out. The model's commands (models/commands) reach all others, which a test compares.
 */
import type { ContractName } from "../source/contract.ts";

interface Unreachable {
  contract: ContractName;
  /** Beginnings of function names; `-stx` alone or `-ft` alone where only one of the two is meant. */
  functions: string[];
  codes: number[];
  because: string;
}

export const UNREACHABLE: Unreachable[] = [
  {
    contract: "recoup-core",
    functions: ["pay-stx", "invoice-and-pay-stx", "refund-stx", "refund-many-stx"],
    codes: [1031],
    because: "stx-transfer? fails for want of funds, for zero or for a transfer to oneself; the last two are refused before",
  },
  {
    contract: "recoup-core",
    functions: ["invoice-and-pay-"],
    codes: [1001, 1004, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1014],
    because: "it pays, all at once, an invoice that it made itself: with this merchant and token, for one block, with no reference",
  },
  {
    contract: "recoup-subscriptions",
    functions: ["subscribe-", "pay-"],
    codes: [1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1014],
    because: "as invoice-and-pay of recoup-core; amount and window were checked when the plan was created",
  },
  { contract: "recoup-subscriptions", functions: ["subscribe-stx", "pay-stx"], codes: [1031], because: "as pay-stx of recoup-core" },
  {
    contract: "recoup-subscriptions",
    functions: ["pay-"],
    codes: [1009],
    because: "the merchant could not subscribe to its own plan",
  },
  {
    contract: "recoup-subscriptions",
    functions: ["pay-", "cancel"],
    codes: [1101],
    because: "the plan of a subscription exists for ever",
  },
  {
    contract: "recoup-reserve",
    functions: ["withdraw-stx"],
    codes: [1209, 1210],
    because: "the contract holds at least the sum of its balances in STX, and stx-transfer? moves the amount and no more",
  },
  {
    contract: "recoup-reserve",
    functions: ["refund-"],
    codes: [1002, 1007, 1009],
    because: "amount and token were checked before recoup-core is called, and the reserve pays no invoices",
  },
  { contract: "recoup-reserve", functions: ["refund-stx"], codes: [1030, 1031], because: "as withdraw-stx" },
  {
    contract: "recoup-reserve",
    functions: ["refund-"],
    codes: [1210],
    because: "recoup-core's own fence, inside this one, is as narrow and reports first (1032)",
  },
];

export const isUnreachable = (contract: ContractName, name: string, code: number): boolean =>
  UNREACHABLE.some((entry) => entry.contract === contract && entry.codes.includes(code) && entry.functions.some((start) => name.startsWith(start)));
