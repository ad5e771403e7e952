/**
 * The contracts' interfaces are frozen: wallets, indexers and other contracts are built on them. A change shows here as a
 * difference of tests/fixtures/<contract>-interface.json, which the Rust crate recoup-protocol is held to as well.
 */
import { expect, it } from "vitest";
import { contract, simnet } from "./helpers.ts";

it.each(["recoup-core", "recoup-subscriptions", "recoup-reserve"])("of %s is the one that was frozen", async (name) => {
  const deployed = simnet.getContractsInterfaces().get(contract(name));
  if (deployed === undefined) throw new Error(`${name} is not deployed`);
  const callable = deployed.functions.filter(({ access }) => access !== "private");
  const variables = deployed.variables.filter(({ access }) => access === "variable");
  const frozen = { functions: callable, maps: deployed.maps, variables };
  await expect(`${JSON.stringify(frozen, null, 2)}\n`).toMatchFileSnapshot(`../fixtures/${name}-interface.json`);
});
