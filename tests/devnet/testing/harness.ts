/** A local chain and an observer within the test's own process. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MINER } from "../accounts.ts";
import { START_TIME } from "../chain/chain.ts";
import { startDevnet } from "../devnet.ts";
import type { Devnet, DevnetOptions } from "../devnet.ts";
import { Vm } from "../vm/vm.ts";

export const AUTH_TOKEN = "12345";

let sharedVm: Vm | undefined;

/** One VM for all chains of a test file: each starts from the same genesis. */
function vm(): Vm {
  if (sharedVm === undefined) {
    sharedVm = new Vm(START_TIME, MINER.address);
    sharedVm.unref();
  }
  return sharedVm;
}

/** Mines on request only, on a free port. */
export function startQuietDevnet(options: Partial<DevnetOptions> = {}): Promise<Devnet> {
  return startDevnet({
    port: 0,
    observers: [],
    observerTimeoutMs: 500,
    mineIntervalMs: 0,
    authToken: AUTH_TOKEN,
    stateDir: null,
    log: () => undefined,
    vm: vm(),
    ...options,
  });
}

export interface Delivery {
  path: string;
  body: unknown;
}

export interface Observer {
  readonly url: string;
  readonly deliveries: Delivery[];
  /** Answers instead of the usual 200, for the next requests. */
  readonly answers: ((response: ServerResponse, request: IncomingMessage) => void)[];
  close(): Promise<void>;
}

/** An observer that remembers all that it was sent, also what it then refuses. */
export async function startObserver(): Promise<Observer> {
  const deliveries: Delivery[] = [];
  const answers: Observer["answers"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      deliveries.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) as unknown });
      const answer = answers.shift();
      if (answer !== undefined) answer(response, request);
      else response.writeHead(200, { "content-length": 2 }).end("OK");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deliveries,
    answers,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Answer {
  status: number;
  /** Content type. */
  type: string | null;
  text: string;
  json: unknown;
}

export async function ask(
  { port }: Devnet,
  method: string,
  path: string,
  body?: BodyInit,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, type: response.headers.get("content-type"), text, json };
}

/** Orders something from the chain; throws when it refuses. */
export async function order(
  devnet: Devnet,
  name: string,
  options: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { status, text, json } = await ask(devnet, "POST", `/devnet/v1/${name}`, JSON.stringify(options));
  if (status !== 200) throw new Error(`${name}: ${text}`);
  return json as Record<string, unknown>;
}
