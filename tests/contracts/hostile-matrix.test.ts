/**
 * Each kind of hostile token in each operation of the three contracts. Simnet has no post-conditions: every call is one in
 * allow mode.
 */
import { readFileSync } from "node:fs";
import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import { type Asset, SBTC, STRANGER, STX, balanceChanges, expectOk, send } from "./helpers.ts";
import { cellOf, MATRIX, tellCell } from "./hostile/matrix.ts";
import { AMOUNT, deployHostileToken, expectRefusedWhole, expectUnchanged, prepare, type TokenCall } from "./hostile/operations.ts";
import { getCoverage } from "./reserve/helpers.ts";

/** The call passes: of the token this much leaves and arrives, and nothing else of anybody's moves. */
function expectMoved(one: TokenCall, asset: Asset, leaves: bigint, arrives: bigint): void {
  const expected: Record<string, bigint> = {
    [one.from]: -leaves * one.transfers,
    [one.to]: arrives * one.transfers,
    [asset.token!]: (leaves - arrives) * one.transfers,
  };
  let inStx: Record<string, bigint> = {};
  let inSbtc: Record<string, bigint> = {};
  const inToken = balanceChanges(asset, () => {
    inSbtc = balanceChanges(SBTC, () => {
      inStx = balanceChanges(STX, () => {
        expectOk(one.call());
      });
    });
  });
  expect([inStx, inSbtc]).toEqual([{}, {}]);
  expect(inToken).toEqual(Object.fromEntries(Object.entries(expected).filter(([, change]) => change !== 0n)));
}

describe.each(MATRIX)("a token that $token", (row) => {
  it("can do no more than SECURITY.md says", () => {
    const asset = deployHostileToken();
    const calls = prepare(asset);
    for (const code of row.codes ?? [13]) {
      for (const one of calls) {
        const cell = cellOf(row, one.name);
        // Before each, so that "once" begins anew.
        expectOk(send(asset.token!, "betray", [Cl.uint(row.way), Cl.uint(code)], STRANGER));
        if (typeof cell === "number") expectRefusedWhole(cell, one, asset);
        else if (cell === "crash") expectCrash(one, asset);
        else expectMoved(one, asset, cell.leaves, cell.arrives);
      }
    }
  });

  function expectCrash(one: TokenCall, asset: Asset): void {
    expectUnchanged(asset, () => expect(one.call).toThrow(/DivisionByZero/));
  }
});

describe("a reserve in a token that feigned arrival", () => {
  it("is worth nothing, and takes nothing from the reserves of others", () => {
    const asset = deployHostileToken();
    const calls = prepare(asset);
    send(asset.token!, "betray", [Cl.uint(13), Cl.uint(13)], STRANGER);
    const deposit = calls.find(({ name }) => name === "deposit")!;
    expectMoved(deposit, asset, 0n, 0n);
    expect(getCoverage(asset)).toBe(1000n + AMOUNT);
    for (const other of [STX, SBTC]) expect(getCoverage(other)).toBe(1000n);
  });
});

describe("SECURITY.md", () => {
  it("says of each hostile token what it makes of each operation", () => {
    const text = readFileSync("SECURITY.md", "utf8");
    const section = text.slice(text.indexOf("## Hostile tokens"));
    const rows = [...section.matchAll(/^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$/gm)].slice(1).map((match) => match.slice(1, 5));
    const expected = MATRIX.map((row) => [
      row.token,
      row.refundMany === undefined ? tellCell(row.core) : `${tellCell(row.core)}; refund many: ${tellCell(row.refundMany)}`,
      tellCell(row.deposit),
      tellCell(row.withdraw),
    ]);
    expect(rows.filter(([token]) => !token?.startsWith("---"))).toEqual(expected);
  });
});
