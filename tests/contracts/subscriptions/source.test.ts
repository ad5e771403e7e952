/** What the source of recoup-subscriptions must say. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SubscriptionErr } from "./helpers.ts";

const source = readFileSync("contracts/recoup-subscriptions.clar", "utf8");

it("has the error codes that the tests name, each with a comment that says when", () => {
  const codes = [...source.matchAll(/^;; .+\n\(define-constant ERR_([A-Z_]+) \(err u(\d+)\)\)$/gm)];
  expect(Object.fromEntries(codes.map(([, name, number]) => [name, Number(number)]))).toEqual(SubscriptionErr);
  expect(codes).toHaveLength(source.match(/\(err u\d+\)/g)?.length ?? 0);
});
