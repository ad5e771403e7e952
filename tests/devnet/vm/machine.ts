/**
 * The Clarity VM as a tree of states. A state is the chain after one Stacks block; the machine can go to any of them, by a
 * memory snapshot of it or of an ancestor plus replay. Worker side.
 */
import { Simulator } from "./simulator.ts";
import type { Operation, OperationResult } from "./simulator.ts";
import { AssetMap, checkPostConditions } from "./post-conditions.ts";
import { describeFailure, isPanic } from "./errors.ts";
import type { Snapshot } from "./memory.ts";
import type { ReadResult, VmBlock, VmBlockResult, VmReceipt, VmTransaction } from "./types.ts";

/** Transactions that may run between two snapshots: a replay of so many takes some 50 ms. */
const TRANSACTIONS_PER_SNAPSHOT = 24;
/** Each holds the pages that changed since the one before: one or two megabytes. */
const MAX_SNAPSHOTS = 32;
/** Transactions that the simulator runs in one of its own blocks. */
const CHUNK_LENGTH = 25;

/** How a transaction takes part in a block: with its action, with its fee alone (aborted) or not at all. */
type Part = "full" | "fee-only" | "none";
interface Entry {
  transaction: VmTransaction;
  part: Part;
}

interface Step {
  burnBlocks: number;
  entries: Entry[];
}

interface State {
  parent: string | null;
  step: Step | null;
  /** Transactions since the nearest ancestor with a snapshot. */
  replayLength: number;
  snapshot: Snapshot | null;
}

const OK_TRUE = "0x0703";
const RUNTIME_FAILURE = "0x0809";
/** Type byte of `(err ..)`. */
const ERR_PREFIX = "0x08";
const UNPAYABLE: VmReceipt = { status: "unpayable", result: OK_TRUE, error: null, events: [], contractInterface: null };

export class Machine {
  readonly #simulator: Simulator;
  readonly #miner: string;
  readonly #states = new Map<string, State>();
  /** The state that the simulator is in; null when it is between states or broken. */
  #current: string | null = null;

  constructor(simulator: Simulator, miner: string) {
    this.#simulator = simulator;
    this.#miner = miner;
  }

  /** A second chain on the same machine starts from the first one's genesis. */
  genesis(state: string, balances: [string, bigint][], burnHeight: number): { time: number } {
    if (this.#states.has(state)) return { time: this.read(state, ({ blockTime }) => blockTime) };
    for (const [principal, amount] of balances) this.#simulator.mint(principal, amount);
    this.#simulator.advanceBurnBlocks(burnHeight - this.#simulator.burnHeight);
    this.#states.set(state, { parent: null, step: null, replayLength: 0, snapshot: this.#simulator.memory.take() });
    this.#current = state;
    return { time: this.#simulator.blockTime };
  }

  /** Runs a block on top of `parent`, in chunks: a chunk is what has to run again when one of its transactions is aborted. */
  mine(parent: string, state: string, { burnBlocks, transactions }: VmBlock): VmBlockResult {
    const receipts: VmReceipt[] = [];
    const chunks = chunksOf(transactions);
    let below = parent;
    for (const [index, chunk] of chunks.entries()) {
      const name = index === chunks.length - 1 ? state : `${state}, chunk ${index}`;
      receipts.push(...this.#mineChunk(below, name, { burnBlocks: index === 0 ? burnBlocks : 0, transactions: chunk }));
      below = name;
    }
    return { receipts, time: this.#simulator.blockTime };
  }

  /**
   * A transaction that a node would abort after it had run is taken back by returning to the parent and running the chunk
   * again with its fee alone.
   */
  #mineChunk(parent: string, state: string, { burnBlocks, transactions }: VmBlock): VmReceipt[] {
    const step: Step = { burnBlocks, entries: transactions.map((transaction) => ({ transaction, part: "full" })) };
    const settled = new Map<string, VmReceipt>();
    while (this.#attempt(parent, step, settled)) this.#keepSnapshot(parent);
    this.#addState(parent, state, step);
    return transactions.map(({ txid }) => settled.get(txid) as VmReceipt);
  }

  /** True when an entry's part changed, so that the chunk has to run again. */
  #attempt(parent: string, step: Step, settled: Map<string, VmReceipt>): boolean {
    let results: OperationResult[];
    try {
      results = this.#runOn(parent, step);
    } catch (error) {
      const entry = this.#entryThatFails(parent, step, error);
      settled.set(entry.transaction.txid, failedReceipt(error));
      entry.part = "fee-only";
      return true;
    }
    return step.entries.some((entry) => entry.part !== "none" && this.#settle(entry, results, settled));
  }

  /** Takes the entry's results off the list. True when its part changed. */
  #settle(entry: Entry, results: OperationResult[], settled: Map<string, VmReceipt>): boolean {
    const { transaction, part } = entry;
    const fee = results.shift() as OperationResult;
    const action = part === "full" ? (results.shift() as OperationResult) : null;
    const isUnpaidTransfer = transaction.action.kind === "transfer" && action !== null && action.result !== OK_TRUE;
    if (fee.result !== OK_TRUE || isUnpaidTransfer) {
      settled.set(transaction.txid, UNPAYABLE);
      entry.part = "none";
      return true;
    }
    if (action === null) return false;
    const receipt = this.#receipt(transaction, action);
    settled.set(transaction.txid, receipt);
    // What a refusal (err ..) did is undone already; anything else has to be taken back.
    const mustUndo = receipt.status === "abort_by_post_condition" && !isRefusal(transaction, action.result);
    if (mustUndo) entry.part = "fee-only";
    return mustUndo;
  }

  /** The simulator stops at the first error and does not tell where: the shortest failing start of the chunk ends there. */
  #entryThatFails(parent: string, step: Step, error: unknown): Entry {
    this.#keepSnapshot(parent);
    const { burnBlocks, entries } = step;
    let shortest = 1;
    let failing = entries.length;
    while (shortest < failing) {
      const length = Math.floor((shortest + failing) / 2);
      try {
        this.#runOn(parent, { burnBlocks, entries: entries.slice(0, length) });
        shortest = length + 1;
      } catch {
        failing = length;
      }
    }
    const entry = entries[failing - 1];
    if (entry === undefined) throw error;
    return entry;
  }

  /** Leaves the simulator between states. */
  #runOn(parent: string, step: Step): OperationResult[] {
    this.#goTo(parent);
    this.#current = null;
    return this.#run(step);
  }

  #receipt(transaction: VmTransaction, { result, events }: OperationResult): VmReceipt {
    const { action, postConditions, postConditionMode, origin } = transaction;
    const refused = isRefusal(transaction, result);
    const shown = action.kind === "deploy" ? OK_TRUE : result;
    const contractInterface =
      action.kind === "deploy" ? this.#simulator.contractInterface(`${origin}.${action.name}`) : null;
    const moved = AssetMap.fromEvents(refused ? [] : events);
    const failure =
      action.kind === "transfer" ? null : checkPostConditions(postConditions, postConditionMode, origin, moved);
    if (failure !== null) {
      return { status: "abort_by_post_condition", result: shown, error: failure, events: [], contractInterface };
    }
    if (refused) return { status: "abort_by_response", result: shown, error: null, events: [], contractInterface };
    return { status: "success", result: shown, error: null, events, contractInterface };
  }

  #run(step: Step): OperationResult[] {
    this.#simulator.advanceBurnBlocks(step.burnBlocks);
    const operations = step.entries.flatMap(({ transaction, part }) => operationsOf(transaction, part, this.#miner));
    if (operations.length > 0) return this.#simulator.mineBlock(operations);
    if (step.burnBlocks === 0) this.#simulator.mineEmptyBlock();
    return [];
  }

  #addState(parent: string, state: string, step: Step): void {
    const parentState = this.#state(parent);
    const replayLength = (parentState.snapshot === null ? parentState.replayLength : 0) + 1 + step.entries.length;
    this.#states.set(state, { parent, step, replayLength, snapshot: null });
    this.#current = state;
    if (replayLength > TRANSACTIONS_PER_SNAPSHOT) this.#keepSnapshot(state);
  }

  /** Goes to the state and keeps its memory. Old snapshots thin out; replay fills the gaps. */
  #keepSnapshot(name: string): void {
    const state = this.#state(name);
    if (state.snapshot !== null) return;
    this.#goTo(name);
    state.snapshot = this.#simulator.memory.take();
    const kept = [...this.#states.values()].filter(({ snapshot, parent }) => snapshot !== null && parent !== null);
    if (kept.length <= MAX_SNAPSHOTS) return;
    kept.slice(0, MAX_SNAPSHOTS / 2).forEach((old, index) => {
      if (index % 2 === 0) old.snapshot = null;
    });
  }

  #goTo(name: string): void {
    if (this.#current === name) return;
    const steps: Step[] = [];
    let state = this.#state(name);
    while (state.snapshot === null) {
      steps.unshift(state.step as Step);
      state = this.#state(state.parent as string);
    }
    this.#simulator.memory.restore(state.snapshot);
    for (const step of steps) this.#run(step);
    this.#current = name;
  }

  #state(name: string): State {
    const state = this.#states.get(name);
    if (state === undefined) throw new Error(`unknown VM state ${name}`);
    return state;
  }

  /** Reads at a state; a panic costs only the memory, which is restored. */
  read<T>(state: string, action: (simulator: Simulator) => T): T {
    this.#goTo(state);
    try {
      return action(this.#simulator);
    } catch (error) {
      if (isPanic(error)) this.#current = null;
      throw error;
    }
  }

  callRead(state: string, contract: string, method: string, values: Uint8Array[], sender: string): ReadResult {
    try {
      return {
        okay: true,
        result: this.read(state, (simulator) => simulator.callReadOnly(contract, method, values, sender)),
      };
    } catch (error) {
      return { okay: false, cause: describeFailure(error).message };
    }
  }
}

/** In their order: short, and with deploys of one account at most, because the simulator deploys in one account's name. */
function chunksOf(transactions: readonly VmTransaction[]): VmTransaction[][] {
  const chunks: VmTransaction[][] = [[]];
  let deployer: string | null = null;
  for (const transaction of transactions) {
    const deploys = transaction.action.kind === "deploy" ? transaction.origin : null;
    let chunk = chunks.at(-1) as VmTransaction[];
    if (chunk.length === CHUNK_LENGTH || (deploys !== null && deployer !== null && deploys !== deployer)) {
      chunk = [];
      chunks.push(chunk);
      deployer = null;
    }
    deployer = deploys ?? deployer;
    chunk.push(transaction);
  }
  return chunks;
}

/** What a deploy evaluates to last is no response to anything. */
function isRefusal({ action }: VmTransaction, result: string): boolean {
  return action.kind !== "deploy" && result.startsWith(ERR_PREFIX);
}

function operationsOf({ origin, payer, fee, action }: VmTransaction, part: Part, miner: string): Operation[] {
  if (part === "none") return [];
  const operations: Operation[] = [{ transferSTX: { amount: toNumber(fee), recipient: miner, sender: payer } }];
  if (part === "fee-only") return operations;
  switch (action.kind) {
    case "transfer":
      operations.push({
        transferSTX: { amount: toNumber(action.amount), recipient: action.recipient, sender: origin },
      });
      break;
    case "call":
      operations.push({
        callPublicFn: {
          contract: action.contract,
          method: action.function,
          args_maps: action.arguments,
          sender: origin,
        },
      });
      break;
    case "deploy": {
      const options = action.clarityVersion === undefined ? {} : { clarityVersion: action.clarityVersion };
      operations.push({ deployContract: { name: action.name, content: action.source, options, sender: origin } });
    }
  }
  return operations;
}

/** Amounts above 2^53 exceed every balance: capped, they still do. */
function toNumber(amount: bigint): number {
  return amount > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(amount);
}

function failedReceipt(error: unknown): VmReceipt {
  return {
    status: "abort_by_response",
    result: RUNTIME_FAILURE,
    error: describeFailure(error).message,
    events: [],
    contractInterface: null,
  };
}
