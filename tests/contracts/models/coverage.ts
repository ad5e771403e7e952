/** How often each operation of the model ended in each outcome; an outcome that never came is a hole in the model. */
export class Coverage {
  private readonly counts = new Map<string, number>();
  private calls = 0;

  count(operation: string, outcome: string): void {
    const key = `${operation} ${outcome}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    this.calls += 1;
  }

  get steps(): number {
    return this.calls;
  }

  missing(aims: Iterable<string>): string[] {
    return [...aims].filter((aim) => !this.counts.has(aim));
  }

  /** One line an operation: `pay: ok 812, 1001 95, ..`. */
  report(): string {
    const byOperation = new Map<string, string[]>();
    for (const [key, count] of [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [operation = "", outcome = ""] = key.split(" ");
      byOperation.set(operation, [...(byOperation.get(operation) ?? []), `${outcome} ${count}`]);
    }
    return [...byOperation].map(([operation, outcomes]) => `  ${operation}: ${outcomes.join(", ")}`).join("\n");
  }
}
