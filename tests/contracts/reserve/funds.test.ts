import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import {
  MERCHANT, OTHER_MERCHANT, OTHER_PAYER, type Outcome, SBTC, STRANGER, STX, U128_MAX, balanceChanges, balanceOf, burnHeight,
  expectOk, hostileToken, mint, send, transferOf,
} from "../helpers.ts";
import { Mood } from "../models/state.ts";
import { deployMoodyToken, deployRelay, deployThief, mintTo } from "./contracts.ts";
import { RESERVE, ReserveErr, deposit, expectRefused, getCoverage, withdraw } from "./helpers.ts";

describe.each([STX, SBTC])("a reserve in $name", (asset) => {
  const facts = { merchant: MERCHANT, token: asset.token, amount: 60n };

  it("takes what its merchant deposits, and prints it", () => {
    expectOk(deposit(40n, asset));
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = deposit(60n, asset);
    });
    expect(changes).toEqual({ [MERCHANT]: -60n, [RESERVE]: 60n });
    expect(outcome?.result).toEqual({ ok: 100n });
    expect(outcome?.events).toEqual([
      { contract: RESERVE, print: { event: "reserve-deposited", "burn-height": burnHeight(), ...facts, balance: 100n } },
      transferOf(asset, MERCHANT, RESERVE, 60n),
    ]);
    expect(getCoverage(asset)).toBe(100n);
  });

  it("gives back what its merchant withdraws, and prints it", () => {
    expectOk(deposit(100n, asset));
    let outcome: Outcome | undefined;
    const changes = balanceChanges(asset, () => {
      outcome = withdraw(60n, asset);
    });
    expect(changes).toEqual({ [MERCHANT]: 60n, [RESERVE]: -60n });
    expect(outcome?.result).toEqual({ ok: 40n });
    expect(outcome?.events).toEqual([
      { contract: RESERVE, print: { event: "reserve-withdrawn", "burn-height": burnHeight(), ...facts, balance: 40n } },
      transferOf(asset, RESERVE, MERCHANT, 60n),
    ]);
    expect(getCoverage(asset)).toBe(40n);
    expectOk(withdraw(40n, asset));
    expect(getCoverage(asset)).toBe(0n);
  });

  it("gives nobody more than that merchant's own", () => {
    expectOk(deposit(100n, asset));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => withdraw(101n, asset));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => withdraw(U128_MAX, asset));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => withdraw(1n, asset, OTHER_MERCHANT));
    expectRefused(ReserveErr.RESERVE_TOO_LOW, () => withdraw(1n, asset === STX ? SBTC : STX));
  });

  it("rejects zero, and more than the merchant holds", () => {
    expectRefused(ReserveErr.INVALID_AMOUNT, () => deposit(0n, asset));
    expectRefused(ReserveErr.INVALID_AMOUNT, () => withdraw(0n, asset));
    for (const amount of [balanceOf(MERCHANT, asset) + 1n, U128_MAX]) {
      expectRefused(ReserveErr.TRANSFER_FAILED, () => deposit(amount, asset));
    }
    expectOk(deposit(1n, asset));
    expectRefused(ReserveErr.INVALID_AMOUNT, () => deposit(U128_MAX, asset));
  });
});

describe("a reserve", () => {
  it("rejects relayed deposits and withdrawals", () => {
    expectOk(deposit(100n));
    const relay = deployRelay();
    expectRefused(ReserveErr.NOT_AUTHORISED, () => send(relay, "deposit-stx", [Cl.uint(1)], MERCHANT));
    expectRefused(ReserveErr.NOT_AUTHORISED, () => send(relay, "withdraw-stx", [Cl.uint(1)], MERCHANT));
  });

  it.each([
    ["answers false", hostileToken("token-answers-false"), ReserveErr.TRANSFER_FAILED],
    ["moves nothing", hostileToken("token-moves-nothing"), ReserveErr.TRANSFER_FAILED],
    ["refuses", hostileToken("token-refuses"), ReserveErr.TRANSFER_FAILED],
    ["hides balances", hostileToken("token-hides-balance"), ReserveErr.TRANSFER_FAILED],
    ["moves more", hostileToken("token-moves-more"), ReserveErr.FORBIDDEN_TRANSFER],
    ["takes STX", hostileToken("token-takes-stx"), ReserveErr.FORBIDDEN_TRANSFER],
    ["takes sBTC", hostileToken("token-takes-sbtc"), ReserveErr.FORBIDDEN_TRANSFER],
    ["burns STX", hostileToken("token-burns-stx"), ReserveErr.FORBIDDEN_TRANSFER],
  ])("credits no deposit of a token that %s", (_, asset, code) => {
    mint(asset, MERCHANT, 1000n);
    expectRefused(code, () => deposit(100n, asset), asset);
  });

  it("loses nothing but that token when it turns hostile in a withdrawal", () => {
    const { asset, become } = deployMoodyToken();
    mintTo(asset, MERCHANT, 1000n);
    mintTo(asset, OTHER_PAYER, 1000n);
    expectOk(deposit(100n, asset));
    expectOk(deposit(100n, asset, OTHER_PAYER));
    expectOk(deposit(500n, STX, STRANGER));
    const refusals = [
      [Mood.REFUSES, ReserveErr.TRANSFER_FAILED],
      [Mood.ANSWERS_FALSE, ReserveErr.TRANSFER_FAILED],
      [Mood.MOVES_MORE, ReserveErr.FORBIDDEN_TRANSFER],
      [Mood.TAKES_STX, ReserveErr.FORBIDDEN_TRANSFER],
    ] as const;
    for (const [mood, code] of refusals) {
      become(mood);
      expectRefused(code, () => withdraw(60n, asset), asset);
    }
    become(Mood.OBEYS);
    expectOk(withdraw(100n, asset));
    expectOk(withdraw(100n, asset, OTHER_PAYER));
    expectOk(withdraw(500n, STX, STRANGER));
  });

  it("lends a token no authority over anybody's reserve", () => {
    const asset = deployThief();
    mintTo(asset, MERCHANT, 1000n);
    expectOk(deposit(500n));
    expectOk(deposit(100n, asset));
    const outcome = withdraw(60n, asset);
    expectOk(outcome);
    const refused = { err: BigInt(ReserveErr.NOT_AUTHORISED) };
    expect(outcome.events).toContainEqual({
      contract: asset.token,
      print: {
        "deposit-stx": refused,
        "withdraw-stx": refused,
        "set-delegate": refused,
        "revoke-delegate": refused,
        "refund-stx": { err: 1001n },
      },
    });
    send(asset.token!, "be-bold", [], STRANGER);
    expectRefused(ReserveErr.FORBIDDEN_TRANSFER, () => withdraw(40n, asset), asset);
    expectRefused(ReserveErr.FORBIDDEN_TRANSFER, () => deposit(40n, asset), asset);
    expect(getCoverage()).toBe(500n);
  });
});
