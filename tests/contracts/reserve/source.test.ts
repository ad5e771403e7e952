/** What the source of recoup-reserve must say, whatever the tests of its behaviour see. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ReserveErr } from "./helpers.ts";

const source = readFileSync("contracts/recoup-reserve.clar", "utf8");
const code = source.replace(/;;.*/g, "");

it("gives each outflow exactly one allowance, of exactly the amount", () => {
  const outflows = code.match(/\(as-contract\?\s*\([^\n]*/g);
  const tokenOutflow = '(as-contract? ((with-ft (contract-of token) "*" amount))';
  expect(outflows).toEqual(["(as-contract? ((with-stx amount))", tokenOutflow, "(as-contract? ((with-stx amount))", tokenOutflow]);
  expect(code.match(/as-contract\?/g)).toHaveLength(4);
  expect(code).not.toContain("with-all-assets-unsafe");
});

it("has the error codes that the tests name, each with a comment that says when", () => {
  const codes = [...source.matchAll(/^;; .+\n\(define-constant ERR_([A-Z_]+) \(err u(\d+)\)\)$/gm)];
  const own = codes.map(([, name, number]) => [name, Number(number)]).filter(([, number]) => Number(number) >= 1200);
  expect(Object.fromEntries(own)).toEqual(ReserveErr);
  expect(codes).toHaveLength(source.match(/\(err u\d+\)/g)?.length ?? 0);
});
