/** The contracts on a simnet: calls with their results and events, and the raw bytes of their maps. */
import { initSimnet, type Simnet } from "@stacks/clarinet-sdk";
import { SDK } from "@stacks/clarinet-sdk-wasm";
import { Cl, type ClarityValue } from "@stacks/transactions";
import { readFileSync } from "node:fs";
import { CORE, contract, DEPLOYER, MANIFEST, plain, type Plain, RELAY, type Result, SBTC, U128_MAX } from "../helpers.ts";
import { RESERVE } from "../reserve/helpers.ts";
import { SUBSCRIPTIONS } from "../subscriptions/helpers.ts";
import { type Call, wireOf } from "./operations/index.ts";
import type { ModelEvent } from "./operations/operation.ts";
import { keyOf, type Mood } from "./state.ts";

export type Epoch = "3.3" | "4.0";

const source = (name: string) => readFileSync(new URL(`contracts/${name}.clar`, import.meta.url), "utf8");
const WALLET = source("wallet");
const MOODY_TOKEN = source("moody-token");
/** Passes calls on to recoup-subscriptions and recoup-reserve. */
const OPERATORS_RELAY = contract("operators-relay");

/** Where maps and variables are, when not in recoup-core; no two contracts have one of the same name. */
const HOMES: Record<string, string> = {
  "last-plan-id": SUBSCRIPTIONS,
  "last-subscription-id": SUBSCRIPTIONS,
  plans: SUBSCRIPTIONS,
  subscriptions: SUBSCRIPTIONS,
  balances: RESERVE,
  delegates: RESERVE,
};
const homeOf = (name: string): string => HOMES[name] ?? CORE;

/** What simnet answers for an entry that was deleted; for one that never was, it throws. */
const NONE = "0x09";

export interface Answer {
  result: Result;
  /** What the three contracts printed; transfers of STX and of tokens. */
  events: ModelEvent[];
}

export class Chain {
  private constructor(private readonly simnet: Simnet) {}

  static async start(epoch: Epoch, { manifest = MANIFEST, trackCoverage = false } = {}): Promise<Chain> {
    const simnet = await initSimnet(manifest, false, { trackCosts: false, trackCoverage });
    simnet.setEpoch(epoch);
    simnet.deployContract("operators-relay", source("relay"), { clarityVersion: 4 }, DEPLOYER);
    return new Chain(simnet);
  }

  /** Which lines of the contracts were carried out since the last time, in lcov's format. */
  takeLcov(): string {
    return this.simnet.collectReport(false, "").coverage;
  }

  get burnHeight(): bigint {
    return BigInt(this.simnet.burnBlockHeight);
  }

  advance(blocks: bigint): void {
    this.simnet.mineEmptyBurnBlocks(Number(blocks));
  }

  deployWallet(name: string): string {
    this.simnet.deployContract(name, WALLET, { clarityVersion: 4 }, DEPLOYER);
    return contract(name);
  }

  deployMoodyToken(name: string): string {
    this.simnet.deployContract(name, MOODY_TOKEN, { clarityVersion: 4 }, DEPLOYER);
    return contract(name);
  }

  setMood(token: string, mood: Mood): void {
    this.simnet.callPublicFn(token, "set-mood", [Cl.uint(mood)], DEPLOYER);
  }

  /** Gives an actor STX of the deployer, or mints it a token. */
  fund(owner: string, token: string | null, amount: bigint): void {
    if (token === null) this.simnet.transferSTX(amount, owner, DEPLOYER);
    else this.simnet.callPublicFn(token, "mint", [Cl.uint(amount), Cl.principal(owner)], DEPLOYER);
  }

  /** Sends a call. A wallet has nobody's key: its contract is told to act. */
  send(call: Call, isWallet: boolean): Answer {
    const wire = wireOf(call);
    const relayed = call.route === "relay";
    const relay = wire.relay ?? (wire.contract === undefined ? RELAY : OPERATORS_RELAY);
    const target = isWallet ? call.sender : relayed ? relay : (wire.contract ?? CORE);
    const fn = isWallet || relayed ? (wire.proxy ?? wire.fn) : wire.fn;
    const allowance = isWallet && call.name === "refund-many" ? [totalOf(call.refunds)] : [];
    const sender = isWallet ? DEPLOYER : call.sender;
    const { result, events } = this.simnet.callPublicFn(target, fn, [...wire.args, ...allowance], sender);
    return { result: plain(result) as Result, events: events.map(eventOf) };
  }

  read(contractId: string, fn: string, ...args: ClarityValue[]): Plain {
    return plain(this.simnet.callReadOnlyFn(contractId, fn, args, DEPLOYER).result);
  }

  variable(name: string): bigint {
    return plain(this.simnet.getDataVar(homeOf(name), name)) as bigint;
  }

  /** A map's entry as the bytes of (some entry), or null. Decoding all of them at each step would take most of the time. */
  rawEntry(map: string, key: Uint8Array): string | null {
    try {
      const bytes = SDK.prototype.getMapEntry.call(this.simnet, homeOf(map), map, key);
      return bytes === NONE ? null : bytes;
    } catch (error) {
      if (error === "value not found") return null;
      throw error;
    }
  }

  entry(map: string, key: ClarityValue): Plain {
    return plain(this.simnet.getMapEntry(homeOf(map), map, key));
  }

  /** All balances that are not zero, by token (or STX) and owner. */
  balances(): Map<string, bigint> {
    const all = new Map<string, bigint>();
    for (const [asset, owners] of this.simnet.getAssetsMap()) {
      const token = asset === "STX" ? asset : contract(asset.split(".")[1]!);
      for (const [owner, amount] of owners) {
        if (amount > 0n) all.set(keyOf(token, owner), amount);
      }
    }
    return all;
  }
}

export const SBTC_TOKEN = SBTC.token!;

function totalOf(refunds: { amount: bigint }[]): ClarityValue {
  const total = refunds.reduce((sum, due) => sum + due.amount, 0n);
  return Cl.uint(total > U128_MAX ? U128_MAX : total);
}

type SimnetEvent = ReturnType<Simnet["callPublicFn"]>["events"][number];

/** What one of the contracts printed; no other prints in these sequences. */
function printOf(by: string, value: ClarityValue): ModelEvent {
  const print = plain(value) as { [key: string]: Plain };
  if (by === CORE) return { print };
  if (by === SUBSCRIPTIONS || by === RESERVE) return { by, print };
  throw new Error(`unexpected print of ${by}`);
}

function eventOf({ event, data }: SimnetEvent): ModelEvent {
  switch (event) {
    case "print_event":
      if (data.value === undefined) break;
      return printOf(String(data.contract_identifier), data.value);
    case "stx_transfer_event":
    case "ft_transfer_event":
      return {
        transfer: event === "stx_transfer_event" ? "STX" : String(data.asset_identifier),
        from: String(data.sender),
        to: String(data.recipient),
        amount: BigInt(String(data.amount)),
      };
  }
  throw new Error(`unexpected event ${event} ${JSON.stringify(data)}`);
}

