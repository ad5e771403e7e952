/** The raw simulator of @stacks/clarinet-sdk: blocks in, results as hex and plain objects out. Worker side. */
import { createRequire } from "node:module";
import { captureMemory, SnapshotMemory } from "./memory.ts";
import type { VmEvent } from "./types.ts";

type Sdk = typeof import("@stacks/clarinet-sdk-wasm");
type Instance = InstanceType<Sdk["SDK"]>;

/** The newest epoch of the simulator, and the one of the recorded node. */
const EPOCH = "4.0";

export interface OperationResult {
  result: string;
  events: VmEvent[];
}

/** One entry of the simulator's `mineBlock`. */
export type Operation =
  // The simulator takes plain numbers; the whole supply of the local chain is far below 2^53 uSTX.
  | { transferSTX: { amount: number; recipient: string; sender: string } }
  | { callPublicFn: { contract: string; method: string; args_maps: Uint8Array[]; sender: string } }
  | { deployContract: { name: string; content: string; options: { clarityVersion?: number }; sender: string } };

export class Simulator {
  readonly memory: SnapshotMemory;
  readonly #sdk: Sdk;
  readonly #session: Instance;

  private constructor(sdk: Sdk, memory: SnapshotMemory, session: Instance) {
    this.#sdk = sdk;
    this.memory = memory;
    this.#session = session;
  }

  /** `startTime` (seconds) becomes the simulator's clock: it asks for the date once, at the start. */
  static async start(startTime: number): Promise<Simulator> {
    freezeClock(startTime * 1000);
    let sdk: Sdk | undefined;
    const load = createRequire(import.meta.url);
    const memory = captureMemory(() => {
      sdk = load("@stacks/clarinet-sdk-wasm") as Sdk;
    });
    if (sdk === undefined) throw new Error("the clarinet-sdk did not load");
    const session = new sdk.SDK(() => undefined, new sdk.SDKOptions(false, false, false));
    await session.initEmptySession({ enabled: false, api_url: "", use_mainnet_wallets: false });
    session.setEpoch(EPOCH);
    return new Simulator(sdk, new SnapshotMemory(memory), session);
  }

  mint(principal: string, amount: bigint): void {
    this.#session.mintSTX(principal, amount);
  }

  get burnHeight(): number {
    return this.#session.burnBlockHeight;
  }

  get blockTime(): number {
    return Number(this.#session.getBlockTime());
  }

  advanceBurnBlocks(count: number): void {
    if (count > 0) this.#session.mineEmptyBurnBlocks(count);
  }

  mineEmptyBlock(): void {
    this.#session.mineEmptyStacksBlock();
  }

  /**
   * Throws (a string) at the first runtime error and keeps what came before it. All deploys must have the same sender:
   * whatever it says, contracts are initialised in the name of the session's sender.
   */
  mineBlock(operations: Operation[]): OperationResult[] {
    const [deployer] = operations.flatMap((operation) =>
      "deployContract" in operation ? [operation.deployContract.sender] : [],
    );
    if (deployer !== undefined) this.#session.executeCommand(`::set_tx_sender ${deployer}`);
    const results = this.#session.mineBlock(operations) as { result: string; events: string }[];
    return results.map(({ result, events }) => ({ result, events: parseEvents(events) }));
  }

  balanceOf(principal: string): bigint {
    return this.#session.getAssetsMap().get("STX")?.get(principal) ?? 0n;
  }

  callReadOnly(contract: string, method: string, values: Uint8Array[], sender: string): string {
    const call = new this.#sdk.CallFnArgs(contract, method, values, sender);
    // After an error these few bytes stay: freeing them can fail, and would hide the error.
    const response = this.#session.callReadOnlyFn(call);
    const { result } = response;
    response.free();
    call.free();
    return result;
  }

  evaluate(snippet: string): string {
    const response = this.#session.execute(snippet);
    const { result } = response;
    response.free();
    return result;
  }

  mapEntry(contract: string, map: string, key: Uint8Array): string {
    return this.#session.getMapEntry(contract, map, key);
  }

  dataVar(contract: string, variable: string): string {
    return this.#session.getDataVar(contract, variable);
  }

  contractInterface(contract: string): unknown {
    return this.#session.getContractsInterfaces().get(contract) ?? null;
  }
}

function parseEvents(events: string): VmEvent[] {
  return (JSON.parse(events) as string[]).map((event) => JSON.parse(event) as VmEvent);
}

/** `new Date()` and `Date.now()` give this moment from now on; dates made of numbers or texts stay as they are. */
function freezeClock(milliseconds: number): void {
  globalThis.Date = new Proxy(Date, {
    construct: (target, values: unknown[]) =>
      Reflect.construct(target, values.length === 0 ? [milliseconds] : values) as Date,
    get: (target, property) => (property === "now" ? () => milliseconds : (Reflect.get(target, property) as unknown)),
  });
}
