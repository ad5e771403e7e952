/** The local chain as one object: VM, observers, chain and server. */
import { appendFileSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { MINER } from "./accounts.ts";
import { Chain, START_TIME } from "./chain/chain.ts";
import { Connections } from "./connections.ts";
import { Faults } from "./faults.ts";
import { ObserverQueue } from "./observer/queue.ts";
import { createRpcServer } from "./server.ts";
import { Vm } from "./vm/vm.ts";

export interface DevnetOptions {
  /** 0 for a free one. */
  port: number;
  /** "http://host:port/prefix" */
  observers: string[];
  observerTimeoutMs: number;
  /** Pending transactions are mined in this rhythm; 0 for on request only. */
  mineIntervalMs: number;
  authToken: string;
  /** Gets `events.jsonl`: every payload that was delivered. */
  stateDir: string | null;
  log: (line: string) => void;
  /** A running VM to use, and to leave running at the end; its start takes seconds. */
  vm?: Vm;
}

export interface Devnet {
  readonly port: number;
  readonly chain: Chain;
  readonly observers: ObserverQueue;
  stop(): Promise<void>;
}

export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { log } = options;
  const record = options.stateDir === null ? undefined : recorder(options.stateDir);
  const observers = new ObserverQueue({
    timeoutMs: options.observerTimeoutMs,
    log,
    ...(record === undefined ? {} : { onDelivered: record }),
  });
  for (const endpoint of options.observers) observers.add(endpoint);
  const vm = options.vm ?? new Vm(START_TIME, MINER.address);
  const chain = await Chain.start(vm, observers);
  const { authToken } = options;
  const context = { chain, observers, faults: new Faults(), connections: new Connections(), authToken };
  const server = createRpcServer(context, log);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const stopMining = minePending(chain, options.mineIntervalMs, log);
  return {
    port: (server.address() as AddressInfo).port,
    chain,
    observers,
    async stop() {
      stopMining();
      observers.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (options.vm === undefined) await vm.stop();
    },
  };
}

function recorder(directory: string): (path: string, body: unknown) => void {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "events.jsonl");
  return (path, body) => appendFileSync(file, `${JSON.stringify({ ts: Date.now() / 1000, path, body })}\n`);
}

function minePending(chain: Chain, intervalMs: number, log: (line: string) => void): () => void {
  if (intervalMs === 0) return () => undefined;
  let mining = false;
  const timer = setInterval(() => {
    if (mining || chain.mempool.pending(chain.tip).length === 0) return;
    mining = true;
    chain
      .mine(1)
      .catch((error: unknown) => log(`mining failed: ${String(error)}`))
      .finally(() => {
        mining = false;
      });
  }, intervalMs);
  return () => clearInterval(timer);
}
