/** The mutants themselves are made and judged by `make mutants`; here, that they are what they should be. */
import { describe, expect, inject, it } from "vitest";
import { allMutants, OPERATORS } from "./mutants/enumerate.ts";
import { SURVIVORS } from "./mutants/survivors.ts";
import { parse } from "./source/clarity.ts";
import { CONTRACTS, readContract } from "./source/contract.ts";

const mutants = allMutants();

it("there are mutants of every kind, in every contract, always the same", () => {
  expect(new Set(mutants.map(({ operator }) => operator))).toEqual(new Set(OPERATORS));
  expect(new Set(mutants.map(({ contract }) => contract)).size).toBe(3);
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
  expect(allMutants()).toEqual(mutants);
});

// They are texts: the same in each epoch.
describe.skipIf(inject("epoch") !== "3.3")("each mutant", () => {
  it("is a change of its contract, and still Clarity to read", () => {
    const originals = new Map(CONTRACTS.map((name) => [name, readContract(name)]));
    const wrong = mutants.filter(({ contract, source }) => {
      const original = originals.get(contract);
      return source === original?.source || parse(source).length !== original?.expressions.length;
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });
});

it("each survivor that is explained is one of them", () => {
  for (const survivor of SURVIVORS) {
    expect(mutants).toContainEqual(expect.objectContaining({ id: survivor.id, before: survivor.before, after: survivor.after }));
    expect(survivor.because).not.toBe("");
  }
});
