/** Entry of the worker thread: one request at a time, answers by id. */
import { parentPort, workerData } from "node:worker_threads";
import { Cl } from "@stacks/transactions";
import { Machine } from "./machine.ts";
import { Simulator } from "./simulator.ts";
import type { VmMethod, VmRequests } from "./types.ts";

export interface WorkerRequest {
  id: number;
  method: VmMethod;
  argument: unknown;
}

export type WorkerAnswer = { id: number; value: unknown } | { id: number; error: string };

type Handlers = { [M in VmMethod]: (argument: VmRequests[M][0]) => VmRequests[M][1] };

const { startTime, miner } = workerData as { startTime: number; miner: string };
const machine = new Machine(await Simulator.start(startTime), miner);

/** The simulator throws when a variable, a map or a snippet's name does not exist. */
function orNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

const handlers: Handlers = {
  genesis: ({ state, balances, burnHeight }) => machine.genesis(state, balances, burnHeight),
  mine: ({ parent, state, block }) => machine.mine(parent, state, block),
  callRead: ({ state, contract, function: method, arguments: values, sender }) =>
    machine.callRead(state, contract, method, values, sender),
  mapEntry: ({ state, contract, map, key }) =>
    orNull(() => machine.read(state, (simulator) => simulator.mapEntry(contract, map, key))),
  dataVar: ({ state, contract, variable }) =>
    orNull(() => machine.read(state, (simulator) => simulator.dataVar(contract, variable))),
  evaluate: ({ state, snippet }) => orNull(() => machine.read(state, (simulator) => simulator.evaluate(snippet))),
  balance: ({ state, principal }) =>
    machine.read(state, (simulator) => spendable(simulator.evaluate(`(stx-get-balance '${principal})`))),
};

function spendable(result: string): bigint {
  const value = Cl.deserialize(result);
  if (value.type !== "uint") throw new Error("stx-get-balance gave no uint");
  return BigInt(value.value);
}

const port = parentPort;
if (port === null) throw new Error("vm/worker.ts runs in a worker thread only");
port.on("message", ({ id, method, argument }: WorkerRequest) => {
  let answer: WorkerAnswer;
  try {
    const handler = handlers[method] as (argument: unknown) => unknown;
    answer = { id, value: handler(argument) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  port.postMessage(answer);
});
