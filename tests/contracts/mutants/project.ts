/** A copy of what the Clarity VM needs, with one contract replaced. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathOf } from "../source/contract.ts";
import type { Mutant } from "./enumerate.ts";

let projects = 0;

/** Calls `act` with the manifest of a project in which the mutant stands for its contract. */
export async function withProject<T>(mutant: Mutant | null, act: (manifest: string) => Promise<T>): Promise<T> {
  projects += 1;
  // The SDK remembers what it read by the path of its manifest.
  const folder = join(".cache", "mutants", `${process.pid}-${projects}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ["Clarinet.toml", "contracts", "settings"]) cpSync(part, join(folder, part), { recursive: true });
  if (mutant !== null) writeFileSync(join(folder, pathOf(mutant.contract)), mutant.source);
  try {
    return await act(`./${relative(".", join(folder, "Clarinet.toml"))}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
