/** What recoup-core's calls cost in epoch 3.3, against the goals that they must keep. */
import { Cl } from "@stacks/transactions";
import {
  type Asset, type Costs, PAYER, type Refund, SBTC, STX, expectOk, givenPaidInvoice, readWithCosts, refund, refundMany,
  startChain,
} from "../helpers.ts";

export interface CostRow {
  call: string;
  dimension: string;
  goal: number;
  measured: number;
  /** Decimals and unit of both numbers. */
  decimals: number;
  unit: "" | "%";
}

type Dimension = keyof Costs["total"];
type Goals = Partial<Record<Dimension, number>>;

const DIMENSIONS: Record<Dimension, string> = {
  readCount: "reads",
  writeCount: "writes",
  readLength: "bytes read",
  writeLength: "bytes written",
  runtime: "runtime",
};
const BATCH = 200;
const USUAL = { reference: "refund-2026-000123", reason: "Damaged in transit" };
/** A text of 256 characters is longest when each takes four bytes. */
const longest = (index: number) => ({
  reference: `${index}-`.padEnd(64, "x"),
  reason: "\u{1F98A}".repeat(256),
});

/** Rows of one call; a batch is divided by the number of its refunds. */
function rows(call: string, costs: Costs, goals: Goals, batch = 1): CostRow[] {
  return Object.entries(goals).map(([dimension, goal]) => {
    const measured = costs.total[dimension as Dimension] / batch;
    return {
      call,
      dimension: DIMENSIONS[dimension as Dimension],
      goal,
      measured,
      decimals: Number.isInteger(goal) && Number.isInteger(measured) ? 0 : 2,
      unit: "",
    };
  });
}

/** Rows of the share of one block's budget, in each dimension. */
function shares(call: string, costs: Costs, goal: number): CostRow[] {
  return Object.entries(DIMENSIONS).map(([dimension, name]) => ({
    call,
    dimension: name,
    goal,
    measured: (100 * costs.total[dimension as Dimension]) / costs.limit[dimension as Dimension],
    decimals: 1,
    unit: "%",
  }));
}

function measureRefund(asset: Asset): Costs {
  givenPaidInvoice({ asset });
  const outcome = refund({ asset, amount: 40n, ...USUAL });
  expectOk(outcome);
  return outcome.costs;
}

function measureBatch(asset: Asset, texts: (index: number) => Pick<Refund, "reference" | "reason">): Costs {
  const refunds = Array.from({ length: BATCH }, (_, index) => ({
    invoiceId: givenPaidInvoice({ asset }),
    ...texts(index),
  }));
  const outcome = refundMany(refunds, asset);
  expectOk(outcome);
  return outcome.costs;
}

function measureQuote(): Costs {
  const invoiceId = givenPaidInvoice();
  return readWithCosts("get-refund-quote", [
    Cl.uint(invoiceId),
    Cl.principal(PAYER),
    Cl.some(Cl.stringAscii(USUAL.reference)),
  ]).costs;
}

/** Measures every call, each on a fresh chain. */
export async function measureCosts(): Promise<CostRow[]> {
  const fresh = async <T>(measure: () => T): Promise<T> => {
    await startChain("3.3");
    return measure();
  };
  const usual = (index: number) => ({ ...USUAL, reference: `refund-2026-${index}` });
  return [
    ...rows("refund-stx", await fresh(() => measureRefund(STX)), {
      readCount: 15,
      writeCount: 7,
      readLength: 30_000,
      runtime: 165_000,
    }),
    ...rows("refund-ft", await fresh(() => measureRefund(SBTC)), {
      readCount: 19,
      writeCount: 8,
      readLength: 32_000,
      runtime: 200_000,
    }),
    ...rows(
      "refund-many-stx, each of 200",
      await fresh(() => measureBatch(STX, usual)),
      { readCount: 12.1, writeCount: 6.1, readLength: 1_000, runtime: 175_000 },
      BATCH,
    ),
    ...shares("refund-many-stx, 200 longest, of a block", await fresh(() => measureBatch(STX, longest)), 20),
    ...shares("refund-many-ft, 200 longest, of a block", await fresh(() => measureBatch(SBTC, longest)), 25),
    // What a node allows a read-only call by default.
    ...rows("get-refund-quote", await fresh(measureQuote), { readCount: 30, readLength: 100_000 }),
  ];
}

export const isMet = ({ goal, measured }: CostRow): boolean => measured <= goal;

/** The table of docs/CONTRACTS.md. */
export function costTable(costs: CostRow[]): string {
  const number = (value: number, { decimals, unit }: CostRow) =>
    value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }) + unit;
  return [
    "| call | dimension | goal | measured | ok |",
    "|---|---|---:|---:|---|",
    ...costs.map(
      (row) =>
        `| ${row.call} | ${row.dimension} | <= ${number(row.goal, row)} | ${number(row.measured, row)} | ${isMet(row) ? "yes" : "NO"} |`,
    ),
  ].join("\n");
}
