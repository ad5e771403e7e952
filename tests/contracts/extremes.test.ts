/** No argument makes a public function end in a runtime error: simnet would throw here. */
import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  Err, MERCHANT, type Outcome, PAYER, SBTC, SMART_WALLET, STRANGER, STX, TOKEN_FUNDS, U128_MAX, balanceOf, cancelInvoice,
  createInvoice, expectOk, expectRefused, extendRefundWindow, getInvoice, getQuote, getRefundable, givenInvoice,
  givenPaidInvoice, pay, refund, refundMany, send, setOperator,
} from "./helpers.ts";

const EXTREMES = [0n, 1n, 2n ** 64n, U128_MAX - 1n, U128_MAX];
const OPTIONAL_EXTREMES = [undefined, ...EXTREMES];

const expectAnswer = ({ result }: Outcome) =>
  expect("ok" in result || (typeof result.err === "bigint" && result.err >= 1000n && result.err < 1100n)).toBe(true);

describe("extreme numbers", () => {
  it("are answered by create-invoice", () => {
    for (const amount of EXTREMES) {
      for (const expiresIn of EXTREMES) {
        for (const refundWindow of OPTIONAL_EXTREMES) {
          for (const minPayment of [undefined, 0n, U128_MAX]) {
            expectAnswer(
              createInvoice({
                amount,
                expiresIn,
                ...(refundWindow === undefined ? {} : { refundWindow }),
                ...(minPayment === undefined ? {} : { minPayment }),
              }),
            );
          }
        }
      }
    }
  });

  it("are answered by every other function, for an invoice that is there and for one that is not", () => {
    expectOk(setOperator(SMART_WALLET, true, true));
    for (const asset of [STX, SBTC]) {
      const open = givenInvoice({ asset, minPayment: 1n });
      const paid = givenPaidInvoice({ asset });
      for (const number of EXTREMES) {
        for (const invoiceId of [open, paid, number]) {
          expectAnswer(extendRefundWindow(invoiceId, number));
          expectAnswer(pay({ invoiceId, asset, amount: number }));
          for (const expectedRefunded of EXTREMES) {
            expectAnswer(refund({ invoiceId, asset, amount: number, expectedRefunded }));
            expectAnswer(refundMany([{ invoiceId, amount: number, expectedRefunded }], asset));
          }
          getRefundable(invoiceId, PAYER);
          getQuote(invoiceId, PAYER);
          expectAnswer(cancelInvoice(invoiceId, STRANGER));
        }
      }
    }
  });
});

describe("the largest amounts", () => {
  /** All that can be minted beside what the test wallets hold. */
  const largest = U128_MAX - 4n * TOKEN_FUNDS;

  it("are paid and refunded to the last unit", () => {
    expectOk(send(SBTC.token!, "mint", [Cl.uint(largest), Cl.principal(PAYER)], PAYER));
    const invoiceId = givenInvoice({ asset: SBTC, amount: largest, minPayment: 1n });
    expectOk(pay({ invoiceId, asset: SBTC, amount: 1n }));
    expectOk(pay({ invoiceId, asset: SBTC, amount: largest - 1n }));
    expectOk(refund({ invoiceId, asset: SBTC, amount: largest - 1n }));
    expect(getInvoice(invoiceId)).toMatchObject({ "amount-paid": largest, "amount-refunded": largest - 1n });
    expectRefused(Err.MORE_THAN_REFUNDABLE, () =>
      refund({ invoiceId, asset: SBTC, amount: U128_MAX, expectedRefunded: largest - 1n }),
    );
    expectOk(refund({ invoiceId, asset: SBTC, amount: 1n, expectedRefunded: largest - 1n }));
    expect(balanceOf(MERCHANT, SBTC)).toBe(TOKEN_FUNDS);
  });

  it("are refused when the payer does not hold them", () => {
    for (const asset of [STX, SBTC]) {
      const invoiceId = givenInvoice({ asset, amount: U128_MAX });
      expectRefused(Err.INSUFFICIENT_BALANCE, () => pay({ invoiceId, asset, amount: U128_MAX }));
    }
  });
});

describe("an amount of one", () => {
  it("is invoiced, paid and refunded", () => {
    for (const asset of [STX, SBTC]) {
      const invoiceId = givenPaidInvoice({ asset, amount: 1n });
      expectOk(refund({ invoiceId, asset, amount: 1n }));
    }
  });
});
