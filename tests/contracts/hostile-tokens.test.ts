import { Cl } from "@stacks/transactions";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type Asset, CORE, DEPLOYER, Err, MERCHANT, OTHER_MERCHANT, type Outcome, PAYER, type Print, SBTC, STX, Status,
  balanceChanges, expectOk, expectRefused, getInvoice, getLedger, getOperator, givenInvoice, hostileToken, mint, pay, refund,
  refundMany, send,
} from "./helpers.ts";

/** An unpaid invoice in this token, which payer and merchant hold. */
function givenInvoiceIn(asset: Asset): bigint {
  mint(asset, PAYER, 1000n);
  mint(asset, MERCHANT, 1000n);
  return givenInvoice({ asset });
}

describe.each([
  ["token-takes-stx", STX],
  ["token-burns-stx", STX],
  ["token-takes-sbtc", SBTC],
])("%s", (name, loot) => {
  const coin = hostileToken(name);

  it("cannot touch anything else of a payer, and the payment is undone", () => {
    const invoiceId = givenInvoiceIn(coin);
    const changes = balanceChanges(loot, () => {
      expectRefused(Err.FORBIDDEN_TRANSFER, () => pay({ invoiceId, asset: coin }));
    });
    expect(changes).toEqual({});
  });
});

describe("token-takes-nft", () => {
  const coin = hostileToken("token-takes-nft");

  it("cannot move a collectible, even of its own contract", () => {
    const invoiceId = givenInvoiceIn(coin);
    send(coin.token!, "mint-collectible", [Cl.principal(PAYER)], PAYER);
    expectRefused(Err.FORBIDDEN_TRANSFER, () => pay({ invoiceId, asset: coin }));
  });
});

describe("token-moves-more", () => {
  const coin = hostileToken("token-moves-more");

  it("cannot move more than the amount", () => {
    const invoiceId = givenInvoiceIn(coin);
    expectRefused(Err.FORBIDDEN_TRANSFER, () => pay({ invoiceId, asset: coin }));
  });
});

describe("token-turns", () => {
  const coin = hostileToken("token-turns");

  it("cannot rob a merchant that refunds, alone or in a batch, and the refund is undone", () => {
    const invoiceId = givenInvoiceIn(coin);
    expectOk(pay({ invoiceId, asset: coin }));
    send(coin.token!, "turn", [], OTHER_MERCHANT);
    expectRefused(Err.FORBIDDEN_TRANSFER, () => refund({ invoiceId, asset: coin, reference: "refund-1" }));
    expectRefused(Err.FORBIDDEN_TRANSFER, () => refundMany([{ invoiceId, amount: 1n }], coin));
  });
});

describe("a token that fails", () => {
  it("with (ok false) fails the payment", () => {
    const coin = hostileToken("token-answers-false");
    const invoiceId = givenInvoiceIn(coin);
    expectRefused(Err.TRANSFER_FAILED, () => pay({ invoiceId, asset: coin }));
  });

  it("with a code of its own fails the payment", () => {
    const coin = hostileToken("token-refuses");
    const invoiceId = givenInvoiceIn(coin);
    expectRefused(Err.TRANSFER_FAILED, () => pay({ invoiceId, asset: coin }));
  });

  it("with a code of its own, for want of funds, is told apart by the balance", () => {
    const coin = hostileToken("token-refuses");
    mint(coin, PAYER, 99n);
    const invoiceId = givenInvoice({ asset: coin });
    expectRefused(Err.INSUFFICIENT_BALANCE, () => pay({ invoiceId, asset: coin }));
  });

  it("and hides its balances fails the payment", () => {
    const coin = hostileToken("token-hides-balance");
    const invoiceId = givenInvoiceIn(coin);
    expectRefused(Err.TRANSFER_FAILED, () => pay({ invoiceId, asset: coin }));
  });

  it("with a runtime error ends the transaction", () => {
    const coin = hostileToken("token-crashes");
    const invoiceId = givenInvoiceIn(coin);
    expect(() => pay({ invoiceId, asset: coin })).toThrow(/DivisionByZero/);
    expect(getInvoice(invoiceId)).toMatchObject({ status: Status.OPEN });
  });
});

describe("token-borrows-authority", () => {
  const coin = hostileToken("token-borrows-authority");
  const refused = { err: BigInt(Err.NOT_AUTHORISED) };

  /** What core answered to the token when it called back. */
  const answers = (outcome: Outcome) =>
    outcome.events.filter((event): event is Print => "print" in event && event.contract === coin.token)[0]?.print;

  it("has no authority of the merchant whose refund it carries out", () => {
    const bait = givenInvoice({ amount: 1n });
    const invoiceId = givenInvoiceIn(coin);
    const paid = pay({ invoiceId, asset: coin });
    expectOk(paid);
    expectOk(pay({ invoiceId: bait, amount: 1n }));
    const refunded = refund({ invoiceId, asset: coin });
    expectOk(refunded);
    for (const outcome of [paid, refunded]) {
      expect(answers(outcome)).toEqual({
        "set-operator": refused,
        "cancel-invoice": refused,
        "extend-refund-window": refused,
        "refund-stx": refused,
      });
    }
    expect(getOperator(coin.token!)).toEqual({ "may-refund": false, "may-invoice": false });
    expect(getLedger(bait, PAYER)).toMatchObject({ refunded: 0n });
    expect(getLedger(invoiceId, PAYER)).toMatchObject({ paid: 100n, refunded: 100n });
  });
});

describe("token-pays-accomplice", () => {
  const coin = hostileToken("token-pays-accomplice");

  it("cannot pay another invoice with the payer's STX", () => {
    expect(givenInvoice({ amount: 1n }, OTHER_MERCHANT)).toBe(1n);
    send(coin.token!, "set-accomplice", [Cl.principal(OTHER_MERCHANT)], OTHER_MERCHANT);
    const invoiceId = givenInvoiceIn(coin);
    expectRefused(Err.FORBIDDEN_TRANSFER, () => pay({ invoiceId, asset: coin }));
  });
});

describe("token-moves-nothing", () => {
  const coin = hostileToken("token-moves-nothing");
  let invoiceId: bigint;
  beforeEach(() => {
    invoiceId = givenInvoiceIn(coin);
  });

  it("is believed, so that its payments and refunds have an event without a transfer", () => {
    for (const outcome of [pay({ invoiceId, asset: coin }), refund({ invoiceId, asset: coin })]) {
      expectOk(outcome);
      expect(outcome.events).toHaveLength(1);
      expect(outcome.events[0]).toMatchObject({ contract: CORE });
    }
  });

  it("harms nobody who does not use it", () => {
    for (const asset of [STX, SBTC]) {
      const changes = balanceChanges(asset, () => {
        expectOk(pay({ invoiceId: givenInvoice({ asset: coin }), asset: coin }));
      });
      expect(changes).toEqual({});
    }
  });
});

describe("an invoice whose token is a wallet's address", () => {
  it("cannot be paid in anything", () => {
    const missing = { ...SBTC, token: DEPLOYER };
    const invoiceId = givenInvoice({ asset: missing });
    expectRefused(Err.TOKEN_MISMATCH, () => pay({ invoiceId, asset: SBTC }));
    expectRefused(Err.TOKEN_MISMATCH, () => pay({ invoiceId, asset: STX }));
  });
});
