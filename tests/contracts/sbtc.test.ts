import { expect, it } from "vitest";
import { type Asset, Err, MERCHANT, PAYER, balanceChanges, expectOk, expectRefused, givenInvoice, givenPaidInvoice, mint, pay, refund } from "./helpers.ts";

/** The real sBTC token of mainnet, which simnet carries. */
const REAL_SBTC: Asset = {
  name: "sBTC",
  token: "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token",
  id: ".sbtc-token.sbtc-token",
};

it("pays and refunds in the real sBTC token", () => {
  mint(REAL_SBTC, PAYER, 1000n);
  const invoiceId = givenPaidInvoice({ asset: REAL_SBTC });
  const changes = balanceChanges(REAL_SBTC, () => expectOk(refund({ invoiceId, asset: REAL_SBTC, amount: 60n })));
  expect(changes).toEqual({ [MERCHANT]: -60n, [PAYER]: 60n });
});

it("tells a lack of real sBTC from other failures", () => {
  const invoiceId = givenInvoice({ asset: REAL_SBTC });
  expectRefused(Err.INSUFFICIENT_BALANCE, () => pay({ invoiceId, asset: REAL_SBTC }));
});
