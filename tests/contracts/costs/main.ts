/**
 * Prints the cost table of recoup-core and fails when a goal is missed.
 * --write puts it into docs/CONTRACTS.md; --check fails when the table there is not this one.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { costTable, isMet, measureCosts } from "./measure.ts";

const DOC = "docs/CONTRACTS.md";
const BEGIN = "<!-- costs:begin -->\n";
const END = "<!-- costs:end -->";

/** The document with the table between its markers replaced. */
function withTable(document: string, table: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${DOC} has no markers of the cost table`);
  return document.slice(0, begin + BEGIN.length) + table + "\n" + document.slice(end);
}

/** Simnet prints every contract event to the console: keeps it quiet meanwhile. */
async function quietly<T>(act: () => Promise<T>): Promise<T> {
  const log = console.log;
  console.log = () => {};
  try {
    return await act();
  } finally {
    console.log = log;
  }
}

const mode = process.argv[2];
if (mode !== undefined && mode !== "--write" && mode !== "--check") {
  console.error("usage: npm run costs [-- --write | --check]");
  process.exit(2);
}

const costs = await quietly(measureCosts);
const table = costTable(costs);
console.log(table);

const missed = costs.filter((row) => !isMet(row));
for (const { call, dimension } of missed) console.error(`goal missed: ${call}, ${dimension}`);

const document = mode === undefined ? "" : readFileSync(DOC, "utf8");
const stale = mode === "--check" && withTable(document, table) !== document;
if (stale) console.error(`${DOC} shows other costs: run npm run costs -- --write`);
if (mode === "--write") writeFileSync(DOC, withTable(document, table));

process.exitCode = missed.length > 0 || stale ? 1 : 0;
