/** Every error code of recoup-core, reached once in the plainest way, and the list of them against the source. */
import { readFileSync } from "node:fs";
import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  Err, MERCHANT, type Outcome, PAYER, RELAY, SBTC, STX, STRANGER, balanceOf, burnHeight, cancelInvoice, createInvoice,
  expectRefused, extendRefundWindow, givenInvoice, givenPaidInvoice, hostileToken, mineTo, mint, pay, refund, refundMany, send,
} from "./helpers.ts";

type ErrorName = keyof typeof Err;

/** For each code, the state it needs and the call that then ends with it. */
const scenarios: Record<ErrorName, () => () => Outcome> = {
  NOT_AUTHORISED: () => () => send(RELAY, "create-invoice", [Cl.uint(1)], MERCHANT),
  INVOICE_NOT_FOUND: () => () => pay(),
  INVALID_AMOUNT: () => () => createInvoice({ amount: 0n }),
  INVALID_WINDOW: () => () => createInvoice({ refundWindow: 143n }),
  INVALID_EXPIRY: () => () => createInvoice({ expiresIn: 0n }),
  REFERENCE_EMPTY: () => () => createInvoice({ reference: "" }),
  REFERENCE_USED: () => {
    givenInvoice({ reference: "order-1" });
    return () => createInvoice({ reference: "order-1" });
  },
  TOKEN_MISMATCH: () => {
    givenInvoice({ asset: SBTC });
    return () => pay({ asset: STX });
  },
  MERCHANT_MISMATCH: () => {
    givenInvoice();
    return () => pay({ merchant: STRANGER });
  },
  PAYER_NOT_ALLOWED: () => {
    givenInvoice({ onlyPayer: STRANGER });
    return () => pay();
  },
  NOT_PAYABLE: () => {
    givenPaidInvoice();
    return () => pay();
  },
  INVOICE_EXPIRED: () => {
    givenInvoice({ expiresIn: 1n });
    mineTo(burnHeight() + 1n);
    return () => pay();
  },
  MORE_THAN_DUE: () => {
    givenInvoice();
    return () => pay({ amount: 101n });
  },
  BELOW_MIN_PAYMENT: () => {
    givenInvoice({ minPayment: 50n });
    return () => pay({ amount: 49n });
  },
  INSTALMENT_TOO_LATE: () => {
    const invoiceId = givenInvoice({ minPayment: 10n, refundWindow: 1008n });
    pay({ invoiceId, amount: 10n });
    mineTo(burnHeight() + 900n);
    return () => pay({ invoiceId, amount: 10n });
  },
  NOT_CANCELLABLE: () => {
    const invoiceId = givenPaidInvoice();
    return () => cancelInvoice(invoiceId);
  },
  NOTHING_PAID: () => {
    givenInvoice();
    return () => refund();
  },
  WINDOW_EXPIRED: () => {
    const invoiceId = givenPaidInvoice({ refundWindow: 144n });
    mineTo(burnHeight() + 144n);
    return () => extendRefundWindow(invoiceId, 200n);
  },
  FULLY_REFUNDED: () => {
    givenPaidInvoice();
    refund();
    return () => refund({ expectedRefunded: 100n });
  },
  LEDGER_CHANGED: () => {
    givenPaidInvoice();
    return () => refund({ expectedRefunded: 1n });
  },
  MORE_THAN_REFUNDABLE: () => {
    givenPaidInvoice();
    return () => refund({ amount: 101n });
  },
  EMPTY_BATCH: () => () => refundMany([]),
  INSUFFICIENT_BALANCE: () => {
    const amount = balanceOf(PAYER, STX) + 1n;
    givenInvoice({ amount });
    return () => pay({ amount });
  },
  TRANSFER_FAILED: () => {
    const asset = hostileToken("token-refuses");
    mint(asset, PAYER, 100n);
    givenInvoice({ asset });
    return () => pay({ asset });
  },
  FORBIDDEN_TRANSFER: () => {
    const asset = hostileToken("token-takes-stx");
    mint(asset, PAYER, 100n);
    givenInvoice({ asset });
    return () => pay({ asset });
  },
};

describe("error codes", () => {
  it.each(Object.entries(scenarios))("ERR_%s is reached", (name, prepare) => {
    expectRefused(Err[name as ErrorName], prepare());
  });

  it("are those of the source, each unique and with a comment above it", () => {
    const source = readFileSync("contracts/recoup-core.clar", "utf8");
    const declared = [...source.matchAll(/^;; .+\n\(define-constant ERR_(\w+) \(err u(\d+)\)\)$/gm)];
    expect(Object.fromEntries(declared.map(([, name, code]) => [name, Number(code)]))).toEqual(Err);
    expect(source.match(/\(err u\d+\)/g)).toHaveLength(declared.length);
    expect(new Set(Object.values(Err)).size).toBe(declared.length);
  });
});
