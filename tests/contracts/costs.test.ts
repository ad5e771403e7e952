import { beforeAll, describe, expect, inject, it } from "vitest";
import { type CostRow, isMet, measureCosts } from "./costs/measure.ts";

/** The goals are stated for the contracts' own epoch. */
describe.skipIf(inject("epoch") !== "3.3")("cost goals", () => {
  let costs: CostRow[];
  beforeAll(async () => {
    costs = await measureCosts();
  });

  it("are all met", () => {
    expect(costs.filter((row) => !isMet(row))).toEqual([]);
  });

  it("cover single refunds, batches and the longest texts", () => {
    expect(new Set(costs.map(({ call }) => call)).size).toBe(6);
    for (const { measured } of costs) expect(measured).toBeGreaterThan(0);
  });
});
