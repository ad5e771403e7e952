/** Contracts that only these tests need. */
import { readFileSync } from "node:fs";
import { Cl } from "@stacks/transactions";
import { type Asset, DEPLOYER, STRANGER, hostileToken, send, simnet } from "../helpers.ts";

function deploy(name: string, path: string): string {
  const source = readFileSync(new URL(path, import.meta.url), "utf8");
  simnet.deployContract(name, source, { clarityVersion: 4 }, DEPLOYER);
  return `${DEPLOYER}.${name}`;
}

export const deployRelay = (): string => deploy("reserve-relay", "relay.clar");

/** A token that obeys until it is told to do otherwise. */
export function deployMoodyToken(): { asset: Asset; become: (mood: number) => void } {
  const token = deploy("moody-token", "../models/contracts/moody-token.clar");
  return {
    asset: hostileToken("moody-token"),
    become: (mood) => {
      send(token, "set-mood", [Cl.uint(mood)], STRANGER);
    },
  };
}

/** A token that uses the authority that it is called with to reach into the reserve. */
export function deployThief(): Asset {
  deploy("token-robs-reserve", "token-robs-reserve.clar");
  return hostileToken("token-robs-reserve");
}

/** Mints by the token itself: simnet cannot for contracts deployed later. */
export function mintTo(asset: Asset, owner: string, amount: bigint): void {
  send(asset.token!, "mint", [Cl.uint(amount), Cl.principal(owner)], STRANGER);
}
