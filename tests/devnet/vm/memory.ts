/**
 * Snapshots of the VM's linear memory.
 *
 * The simulator keeps all of its state in its WebAssembly memory, so a copy of the memory is a copy of the chain state, and
 * writing it back undoes anything: a transaction, a fork, even a Rust panic. Snapshots share the pages that did not change.
 */
const PAGE_BYTES = 4096;

export interface Snapshot {
  readonly pages: readonly Buffer[];
}

export class SnapshotMemory {
  readonly #memory: WebAssembly.Memory;
  /** The snapshot that was taken or restored last: most pages still equal its pages. */
  #base: Snapshot | undefined;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  take(): Snapshot {
    const bytes = Buffer.from(this.#memory.buffer);
    const pages: Buffer[] = [];
    for (let start = 0; start < bytes.length; start += PAGE_BYTES) {
      const end = start + PAGE_BYTES;
      const known = this.#base?.pages[pages.length];
      const unchanged = known !== undefined && bytes.compare(known, 0, PAGE_BYTES, start, end) === 0;
      pages.push(unchanged ? known : Buffer.from(bytes.subarray(start, end)));
    }
    this.#base = { pages };
    return this.#base;
  }

  /** The memory can only grow: what lies beyond the snapshot is unknown to the restored allocator and stays unused. */
  restore(snapshot: Snapshot): void {
    const bytes = Buffer.from(this.#memory.buffer);
    snapshot.pages.forEach((page, index) => bytes.set(page, index * PAGE_BYTES));
    this.#base = snapshot;
  }
}

/**
 * Runs `load` and returns the memory of the WebAssembly instance that it creates: the SDK does not export it.
 *
 * The SDK frees what its JavaScript objects point to when they are collected. After a restore such a pointer leads anywhere,
 * so that the SDK is made to believe that this JavaScript cannot tell it of collected objects.
 */
export function captureMemory(load: () => void): WebAssembly.Memory {
  const { Instance } = WebAssembly;
  const { FinalizationRegistry } = globalThis;
  const captured: WebAssembly.Memory[] = [];
  class Observed extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      const { memory } = this.exports;
      if (memory instanceof WebAssembly.Memory) captured.push(memory);
    }
  }
  WebAssembly.Instance = Observed;
  Reflect.deleteProperty(globalThis, "FinalizationRegistry");
  try {
    load();
  } finally {
    WebAssembly.Instance = Instance;
    globalThis.FinalizationRegistry = FinalizationRegistry;
  }
  const [memory] = captured;
  if (memory === undefined) throw new Error("the clarinet-sdk created no WebAssembly memory");
  return memory;
}
