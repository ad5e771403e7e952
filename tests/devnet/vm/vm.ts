/** The chain's handle on the Clarity VM, which lives in a worker thread. */
import { Worker } from "node:worker_threads";
import type { VmMethod, VmRequests } from "./types.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker.ts";

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export class Vm {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;

  /** `startTime`: seconds since 1970 at which the VM's clock starts. `miner` gets the fees. */
  constructor(startTime: number, miner: string) {
    // The simulator prints to stdout, which belongs to the ready line: the streams are captured and dropped.
    this.#worker = new Worker(new URL("./bootstrap.mjs", import.meta.url), {
      workerData: { startTime, miner },
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on("message", (answer: WorkerAnswer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
  }

  request<M extends VmMethod>(method: M, argument: VmRequests[M][0]): Promise<VmRequests[M][1]> {
    const request: WorkerRequest = { id: this.#nextId++, method, argument };
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage(request);
    });
  }

  /** Lets the process end although the VM runs. */
  unref(): void {
    this.#worker.unref();
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: WorkerAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ("error" in answer) pending?.reject(new Error(answer.error));
    else pending?.resolve(answer.value);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
