/** The recordings of a real node (tests/fixtures/regtest), and playing them to the local chain. */
import { readdirSync, readFileSync } from "node:fs";
import { deserializeTransaction, PayloadType } from "@stacks/transactions";
import { decodeTransaction } from "../chain/transaction.ts";
import type { Chain } from "../chain/chain.ts";
import type { StacksBlock } from "../chain/types.ts";

const FOLDER = new URL("../../fixtures/regtest/", import.meta.url);

export interface RecordedTransaction {
  txid: string;
  status: string;
  raw_result: string;
  raw_tx: string;
  vm_error: string | null;
  contract_interface: unknown;
}

export interface RecordedEvent {
  txid: string;
  event_index: number;
  type: string;
  [body: string]: unknown;
}

export interface RecordedBlock {
  block_height: number;
  block_hash: string;
  index_block_hash: string;
  consensus_hash: string;
  burn_block_hash: string;
  burn_block_height: number;
  transactions: RecordedTransaction[];
  events: RecordedEvent[];
  [field: string]: unknown;
}

export type RecordedLine =
  | { path: "/new_block"; body: RecordedBlock }
  | {
      path: "/new_burn_block";
      body: { burn_block_height: number; burn_block_hash: string; consensus_hash: string; [field: string]: unknown };
    }
  | { path: "/new_mempool_tx"; body: string[] }
  | { path: "/drop_mempool_tx"; body: { dropped_txids: string[]; reason: string; new_txid: string } };

export function recordedLines(): RecordedLine[] {
  const text = readFileSync(new URL("events.jsonl", FOLDER), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as RecordedLine);
}

export interface Exchange {
  name: string;
  request: {
    method: "GET" | "POST";
    path: string;
    headers: Record<string, string>;
    body_text?: string;
    body_hex?: string;
  };
  response: {
    status: number;
    headers: Record<string, string>;
    body_text?: string;
    body_hex?: string;
    body_json?: unknown;
  };
}

/** Names of all recorded exchanges, without ".json". */
export function exchangeNames(): string[] {
  return readdirSync(new URL("rpc/", FOLDER)).map((file) => file.replace(/\.json$/, ""));
}

export function exchange(name: string): Exchange {
  return JSON.parse(readFileSync(new URL(`rpc/${name}.json`, FOLDER), "utf8")) as Exchange;
}

const SYSTEM_PAYLOADS = [PayloadType.TenureChange, PayloadType.NakamotoCoinbase];

export function isSystemTransaction({ raw_tx }: RecordedTransaction): boolean {
  return SYSTEM_PAYLOADS.includes(deserializeTransaction(raw_tx).payload.payloadType);
}

/** Plays lines of the recording: what was posted is posted, where a block came a block is mined. */
export class Replay {
  readonly #lines = recordedLines();
  readonly #chain: Chain;
  /** Recorded hashes and heights, and what stands for them here. */
  readonly hashes = new Map<string, string>();
  readonly heights = new Map<number, number>();
  readonly burnHeights = new Map<number, number>();
  readonly blocks: [RecordedBlock, StacksBlock][] = [];

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Lines `from` to `to` (both included) that belong to one branch: forks are ordered from the chain in between. */
  async play(from: number, to: number): Promise<void> {
    for (const line of this.#lines.slice(from, to + 1)) {
      switch (line.path) {
        case "/new_mempool_tx":
          for (const raw of line.body) await this.#chain.accept(decodeTransaction(Buffer.from(raw.slice(2), "hex")));
          break;
        case "/new_burn_block":
          await this.#chain.advanceBurn(1, { mine: false });
          this.#burnBlock(line.body.burn_block_hash, line.body.consensus_hash, line.body.burn_block_height);
          break;
        case "/new_block": {
          const [block] = await this.#chain.mine(1);
          if (block !== undefined) this.learn(line.body, block);
          break;
        }
        case "/drop_mempool_tx":
      }
    }
  }

  /** The recorded block of a line stands for this block. */
  learnLine(index: number, block: StacksBlock): void {
    const line = this.#lines[index];
    if (line?.path !== "/new_block") throw new Error(`line ${index} is no block`);
    this.learn(line.body, block);
  }

  learn(recorded: RecordedBlock, block: StacksBlock): void {
    this.blocks.push([recorded, block]);
    this.hashes.set(recorded.index_block_hash.slice(2), block.id);
    this.hashes.set(recorded.block_hash.slice(2), block.hash);
    this.heights.set(recorded.block_height, block.height);
  }

  #burnBlock(hash: string, consensusHash: string, height: number): void {
    const { tip } = this.#chain.burn;
    this.hashes.set(hash.slice(2), tip.hash);
    this.hashes.set(consensusHash.slice(2), tip.consensusHash);
    this.burnHeights.set(height, tip.height);
  }
}
