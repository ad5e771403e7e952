/**
 * Prints the cost tables of the contracts and fails when a goal is missed.
 * --write puts them into docs/CONTRACTS.md; --check fails when the tables there are not these.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { functionTable, measureFunctions } from "./functions.ts";
import { costTable, isMet, measureCosts } from "./measure.ts";

const DOC = "docs/CONTRACTS.md";

/** The document with the table between its markers replaced. */
function withTable(document: string, name: string, table: string): string {
  const marker = `<!-- ${name}:begin -->\n`;
  const begin = document.indexOf(marker);
  const end = document.indexOf(`<!-- ${name}:end -->`);
  if (begin < 0 || end < begin) throw new Error(`${DOC} has no markers of ${name}`);
  return document.slice(0, begin + marker.length) + table + "\n" + document.slice(end);
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
const functions = functionTable(await quietly(measureFunctions));
console.log(`${table}\n\n${functions}`);

const missed = costs.filter((row) => !isMet(row));
for (const { call, dimension } of missed) console.error(`goal missed: ${call}, ${dimension}`);

const document = readFileSync(DOC, "utf8");
const updated = withTable(withTable(document, "costs", table), "function-costs", functions);
const stale = mode === "--check" && updated !== document;
if (stale) console.error(`${DOC} shows other costs: run npm run costs -- --write`);
if (mode === "--write") writeFileSync(DOC, updated);

process.exitCode = missed.length > 0 || stale ? 1 : 0;
