/** Contracts that only these tests need. */
import { readFileSync } from "node:fs";
import { type Asset, DEPLOYER, hostileToken, simnet } from "../helpers.ts";

function deploy(name: string, file: URL): string {
  simnet.deployContract(name, readFileSync(file, "utf8"), { clarityVersion: 4 }, DEPLOYER);
  return `${DEPLOYER}.${name}`;
}

export const deployRelay = (): string =>
  deploy("subscriptions-relay", new URL("relay.clar", import.meta.url));

export function deployTokenThatSubscribes(): Asset {
  deploy("token-subscribes", new URL("token-subscribes.clar", import.meta.url));
  return hostileToken("token-subscribes");
}
