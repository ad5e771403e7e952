/**
 * recoup-core's interface is frozen: wallets, indexers and other contracts are built on it. A change shows here as a difference of
 * tests/fixtures/recoup-core-interface.json, which the Rust crate recoup-protocol is held to as well.
 */
import { expect, it } from "vitest";
import { CORE, simnet } from "./helpers.ts";

it("is the interface that was frozen", async () => {
  const core = simnet.getContractsInterfaces().get(CORE);
  if (core === undefined) throw new Error("recoup-core is not deployed");
  const callable = core.functions.filter(({ access }) => access !== "private");
  const frozen = { functions: callable, maps: core.maps, variables: core.variables.filter(({ access }) => access === "variable") };
  await expect(`${JSON.stringify(frozen, null, 2)}\n`).toMatchFileSnapshot("../fixtures/recoup-core-interface.json");
});
