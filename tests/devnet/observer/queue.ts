/**
 * The event dispatcher of a node: one FIFO queue for all observers, one connection per event, and the same payload again
 * until the observer answers a correct 200. One dead observer therefore blocks all others.
 */
import { request } from "node:http";
import type { IncomingMessage } from "node:http";

export interface ObserverOptions {
  /** Longest wait for an answer, and a third of the longest pause between two attempts. */
  timeoutMs: number;
  onDelivered?: (path: string, body: unknown) => void;
  log: (line: string) => void;
}

interface Job {
  path: string;
  body: unknown;
  /** Observers that have not acknowledged it yet. */
  targets: URL[];
}

const FIRST_PAUSE_MS = 100;
/** A node accepts no new work while so many payloads wait (`event_dispatcher_queue_size`). */
const QUEUE_SIZE = 1000;
const ACCEPTED_TYPES = ["text/plain", "application/json", "application/octet-stream"];

export class ObserverQueue {
  readonly #observers: URL[] = [];
  readonly #queue: Job[] = [];
  readonly #options: ObserverOptions;
  #working = false;
  #stopped = false;
  #waiters: { length: number; resolve: () => void }[] = [];
  /** Deliveries to do twice: a node that dies between an observer's answer and its own commit sends again. */
  duplicates = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  get endpoints(): string[] {
    return this.#observers.map(({ href }) => href);
  }

  get length(): number {
    return this.#queue.length;
  }

  add(endpoint: string): void {
    this.#observers.push(new URL(endpoint));
  }

  send(path: string, body: unknown): void {
    if (this.#observers.length === 0) {
      this.#options.onDelivered?.(path, body);
      return;
    }
    this.#queue.push({ path, body, targets: [...this.#observers] });
    void this.#work();
  }

  /** Resolves when everything was acknowledged. */
  drained(): Promise<void> {
    return this.#below(1);
  }

  /** Resolves when the queue takes new blocks: a node stops making progress while it is full. */
  accepting(): Promise<void> {
    return this.#below(QUEUE_SIZE);
  }

  stop(): void {
    this.#stopped = true;
  }

  #below(length: number): Promise<void> {
    if (this.#queue.length < length) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ length, resolve }));
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let job = this.#queue[0]; job !== undefined && !this.#stopped; job = this.#queue[0]) {
      for (const target of job.targets) await this.#deliver(target, job);
      if (this.#stopped) break;
      this.#options.onDelivered?.(job.path, job.body);
      this.#queue.shift();
      const ready = this.#waiters.filter(({ length: limit }) => this.#queue.length < limit);
      this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
      for (const { resolve } of ready) resolve();
    }
    this.#working = false;
  }

  async #deliver(target: URL, { path, body }: Job): Promise<void> {
    const payload = Buffer.from(JSON.stringify(body));
    let times = 1;
    if (this.duplicates > 0) {
      this.duplicates -= 1;
      times = 2;
    }
    let pause = FIRST_PAUSE_MS;
    while (times > 0 && !this.#stopped) {
      try {
        await post(target, path, payload, this.#options.timeoutMs);
        times -= 1;
      } catch (error) {
        this.#options.log(`observer ${target.href}: ${path} refused, again in ${pause} ms: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, pause).unref());
        pause = Math.min(pause * 2, this.#options.timeoutMs * 3);
      }
    }
  }
}

function post(target: URL, path: string, payload: Buffer, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: target.hostname,
        port: target.port,
        method: "POST",
        path: `${target.pathname.replace(/\/$/, "")}${path}`,
        agent: false,
        timeout: timeoutMs,
        headers: {
          "User-Agent": "stacks/3.0",
          "Content-Type": "application/json",
          "Content-Length": payload.length,
          Accept: "application/octet-stream, application/json, text/plain",
          connection: "close",
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const problem = problemOf(response, Buffer.concat(chunks));
          if (problem === null) resolve();
          else reject(new Error(problem));
        });
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}

/** Why a node would not take this answer for a success. */
function problemOf(response: IncomingMessage, body: Buffer): string | null {
  if (response.statusCode !== 200) return `status ${response.statusCode}`;
  const names = response.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  if (new Set(names).size !== names.length) return "duplicate headers";
  const {
    "content-length": length,
    "transfer-encoding": encoding,
    "content-type": type,
    connection,
  } = response.headers;
  if (length === undefined && encoding !== "chunked") return "neither Content-Length nor chunked";
  if (connection !== undefined && !["close", "keep-alive"].includes(connection.toLowerCase()))
    return `Connection: ${connection}`;
  if (type === undefined) return null;
  const [mediaType = ""] = type.split(";");
  if (!ACCEPTED_TYPES.includes(mediaType.trim().toLowerCase())) return `Content-Type: ${type}`;
  if (mediaType.trim().toLowerCase() === "application/json") {
    try {
      JSON.parse(body.toString());
    } catch {
      return "the JSON body does not parse";
    }
  }
  return null;
}
