/** Writes the generated parts of the documents; --check fails when one of them is not as it should be. */
import { readFileSync, writeFileSync } from "node:fs";
import { Documents } from "./pages.ts";

const mode = process.argv[2];
if (mode !== undefined && mode !== "--check") {
  console.error("usage: npm run docs [-- --check]");
  process.exit(2);
}

const documents = new Documents();
for (const file of documents.files) {
  const text = documents.render(file);
  if (text === readFileSync(file, "utf8")) continue;
  if (mode === "--check") {
    console.error(`${file} differs from the contracts: run npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`wrote ${file}`);
  }
}
