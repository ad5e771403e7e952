// Exits with 0 when node_modules holds what package-lock.json says, judged by the record that npm keeps inside it.
import { readFileSync } from "node:fs";

function packages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return {};
  }
}

const wanted = packages("package-lock.json");
const installed = packages("node_modules/.package-lock.json");
const stale = Object.entries(wanted).some(
  // Optional packages are those of other platforms.
  ([name, entry]) => name !== "" && !entry.optional && installed[name]?.version !== entry.version,
);
process.exit(stale ? 1 : 0);
