/** What the simulator's error texts mean, in the words that a node uses. */

export interface VmFailure {
  /** The node's `vm_error` of a transaction, or `cause` of a read. */
  readonly message: string;
  /** The contract did not pass analysis, so that it never ran. */
  readonly analysis: boolean;
}

const RUNTIME = /Runtime error while interpreting [^:]+: (.*)$/s;
/** `Runtime(DivisionByZero, Some([..]))`: the node names the error and leaves the stack out. */
const WITH_STACK = /^Runtime\((.*?), (?:None|Some\(.*\))\)$/s;

export function describeFailure(error: unknown): VmFailure {
  const text = error instanceof Error ? error.message : String(error);
  const runtime = RUNTIME.exec(text)?.[1];
  if (runtime !== undefined) return { message: WITH_STACK.exec(runtime)?.[1] ?? runtime, analysis: false };
  const afterArrow = text.split(" -> ").at(-1) ?? text;
  return { message: `:0:0: ${afterArrow}`, analysis: true };
}

/** A Rust panic: the session refuses further use until its memory is restored. */
export function isPanic(error: unknown): boolean {
  return (
    error instanceof WebAssembly.RuntimeError ||
    (error instanceof Error && error.message.includes("recursive use of an object"))
  );
}
