/** The deployment plans deploy what is tested, in an order that works, and hold nothing that must stay secret. */
import { readdirSync, readFileSync } from "node:fs";
import { getSDK } from "@stacks/clarinet-sdk";
import { createAddress } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import { DEPLOYER, simnet } from "./helpers.ts";
import { DEPLOYED, NETWORKS, planPath, renderPlan } from "./plans/plan.ts";

/** One level of the plan's lines `key: value`, by key. */
const fields = (text: string) => Object.fromEntries([...text.matchAll(/^ *(?:- )?([\w-]+): (.+)$/gm)].map(([, key, value]) => [key, value]));

/** The transactions of a plan. */
const transactions = (plan: string) => plan.split(/^    - /m).slice(1).map((text) => fields(text.split(/^    epoch/m)[0] ?? ""));

describe.each(NETWORKS)("the plan of $name", (network) => {
  const plan = readFileSync(planPath(network), "utf8");

  it("is as it was written", () => {
    expect(plan).toBe(renderPlan(network));
  });

  it("publishes the tested sources by one sender of that network, in Clarity 4 and epoch 3.3", () => {
    const published = transactions(plan);
    expect(published.map((one) => [one["contract-name"], one["path"]])).toEqual(DEPLOYED.map(({ name, path }) => [name, path]));
    for (const one of published) {
      expect(one).toMatchObject({ "transaction-type": "contract-publish", "clarity-version": "4", "anchor-block-only": "true" });
      expect(Number(one["cost"])).toBeGreaterThan(readFileSync(String(one["path"])).length);
    }
    expect(plan).toMatch(/^    epoch: '3\.3'$/m);
    expect(fields(plan.slice(0, plan.indexOf("plan:")))).toMatchObject({ network: network.name });
    const [sender, ...others] = new Set(published.map((one) => one["expected-sender"]));
    expect(others).toEqual([]);
    // Mainnet's addresses have version 22, all others' 26.
    expect(createAddress(String(sender)).version).toBe(network.name === "mainnet" ? 22 : 26);
    // Only devnet's deployer is somebody: its phrase is public.
    expect(sender === DEPLOYER).toBe(network.name === "devnet");
  });

  it("deploys on a chain that has nothing else", async () => {
    const empty = await getSDK({ trackCosts: false, trackCoverage: false });
    await empty.initEmptySession(null);
    empty.setEpoch("3.3");
    for (const one of transactions(plan)) {
      const source = readFileSync(String(one["path"]), "utf8");
      const { result } = empty.deployContract(String(one["contract-name"]), source, { clarityVersion: 4 }, DEPLOYER);
      expect(result).toMatchObject({ type: "true" });
      // What is tested is byte for byte the same.
      expect(simnet.getContractSource(`${DEPLOYER}.${one["contract-name"]}`)).toBe(source);
    }
  });
});

it("no plan and no setting holds a phrase or key, but the public ones of simnet and devnet", () => {
  const files = ["deployments", "settings"].flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`));
  for (const file of files.filter((file) => file !== "settings/Devnet.toml")) {
    expect(readFileSync(file, "utf8")).not.toMatch(/mnemonic *=|(?:\b[a-z]{3,8} ){11}[a-z]{3,8}\b|\b[0-9a-f]{64}(?:01)?\b/);
  }
});
