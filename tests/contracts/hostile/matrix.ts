/** What each kind of hostile token makes of each operation. SECURITY.md says the same in words; a test compares them. */

/** An error code; how much leaves the sender and how much arrives, of 100; or a runtime error of the token's own. */
export type Cell = number | { leaves: bigint; arrives: bigint } | "crash";

export interface Row {
  /** As in SECURITY.md. */
  token: string;
  /** Its number in hostile-token.clar, and the code that it refuses with. */
  way: number;
  codes?: number[];
  /** pay, invoice-and-pay, subscribe, pay a period, refund, and refund from the reserve. */
  core: Cell;
  /** Where several transfers in one call make a difference. */
  refundMany?: Cell;
  deposit: Cell;
  withdraw: Cell;
}

const all: Cell = { leaves: 100n, arrives: 100n };
const nothing: Cell = { leaves: 0n, arrives: 0n };

export const MATRIX: Row[] = [
  { token: "obeys", way: 0, core: all, deposit: all, withdraw: all },
  { token: "answers ok and moves nothing", way: 1, core: nothing, deposit: 1209, withdraw: nothing },
  { token: "answers (ok false)", way: 2, core: 1031, deposit: 1209, withdraw: 1209 },
  { token: "moves less", way: 3, core: { leaves: 99n, arrives: 99n }, deposit: 1209, withdraw: { leaves: 99n, arrives: 99n } },
  { token: "moves more", way: 4, core: 1032, deposit: 1210, withdraw: 1210 },
  { token: "takes STX too", way: 5, core: 1032, deposit: 1210, withdraw: 1210 },
  { token: "takes sBTC too", way: 6, core: 1032, deposit: 1210, withdraw: 1210 },
  { token: "burns STX too", way: 7, core: 1032, deposit: 1210, withdraw: 1210 },
  { token: "takes a collectible too", way: 8, core: 1032, deposit: 1210, withdraw: 1210 },
  { token: "takes a fee", way: 9, core: { leaves: 100n, arrives: 99n }, deposit: 1209, withdraw: { leaves: 100n, arrives: 99n } },
  { token: "fails with u1", way: 10, codes: [1], core: 1030, deposit: 1209, withdraw: 1209 },
  {
    token: "fails with another code",
    way: 10,
    codes: [0, 2, 3, 4, 13, 1000, 1006, 1022, 1030, 1032, 1205, 1210],
    core: 1031,
    deposit: 1209,
    withdraw: 1209,
  },
  { token: "fails and hides balances", way: 11, core: 1031, deposit: 1209, withdraw: 1209 },
  { token: "takes STX when asked for a balance", way: 12, core: all, deposit: 1210, withdraw: all },
  { token: "moves nothing and feigns arrival", way: 13, core: nothing, deposit: nothing, withdraw: nothing },
  { token: "obeys once in a call", way: 14, core: all, refundMany: 1031, deposit: all, withdraw: all },
  { token: "ends in a runtime error", way: 15, core: "crash", deposit: "crash", withdraw: "crash" },
];

/** The row's cell for an operation of operations.ts. */
export function cellOf(row: Row, operation: string): Cell {
  if (operation === "deposit") return row.deposit;
  if (operation === "withdraw") return row.withdraw;
  return operation === "refund-many" ? (row.refundMany ?? row.core) : row.core;
}

/** A cell as SECURITY.md writes it. */
export function tellCell(cell: Cell): string {
  if (typeof cell === "number") return `refused, ${cell}`;
  if (cell === "crash") return "fails";
  if (cell.leaves === 0n) return "passes, nothing moves";
  return cell.arrives === 100n ? "passes" : `passes, ${cell.arrives} of ${cell.leaves === 100n ? "100 arrive" : "100 move"}`;
}
