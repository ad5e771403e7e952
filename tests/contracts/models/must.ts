/** Fails with the number of the invariant, as docs and specification count them. */
export function must(holds: boolean, invariant: number, complaint: string): asserts holds {
  if (!holds) throw new Error(`invariant ${invariant}: ${complaint}`);
}
