/** The command line: one line when ready, an end without leftovers. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { DEVNET_ACCOUNTS } from "./accounts.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let child: ChildProcess | undefined;

afterEach(() => void child?.kill("SIGKILL"));

function run(...options: string[]): Promise<{ port: number; stdout: () => string; exited: Promise<number | null> }> {
  const started = spawn(process.execPath, ["--import", "tsx", MAIN, "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  child = started;
  let stdout = "";
  const exited = new Promise<number | null>((resolve) => started.once("exit", resolve));
  return new Promise((resolve) => {
    started.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes("\n"))
        resolve({ port: (JSON.parse(stdout) as { port: number }).port, stdout: () => stdout, exited });
    });
  });
}

it("prints one ready line, mines by itself, keeps its files in --state-dir and ends on SIGTERM", async () => {
  const directory = mkdtempSync(join(tmpdir(), "devnet-"));
  try {
    const { port, stdout, exited } = await run("--mine-interval-ms", "50", "--state-dir", directory);
    const url = `http://127.0.0.1:${port}`;
    const [, { address }] = DEVNET_ACCOUNTS as [unknown, { address: string }];
    await fetch(`${url}/devnet/v1/fund`, {
      method: "POST",
      body: JSON.stringify({ address, amount: "5", mine: false }),
    });
    const balance = async (): Promise<bigint> =>
      BigInt(((await (await fetch(`${url}/v2/accounts/${address}?proof=0`)).json()) as { balance: string }).balance);
    await expect.poll(balance, { timeout: 5000 }).toBe(100_000_000_000_005n);
    expect(stdout()).toBe(`${JSON.stringify({ ready: true, port, pid: child?.pid })}\n`);
    child?.kill("SIGTERM");
    expect(await exited).toBe(0);
    expect(readdirSync(directory)).toEqual(["events.jsonl"]);
    const events = readFileSync(join(directory, "events.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { path: string }).path);
    expect(events).toEqual(["/new_block", "/new_burn_block", "/new_block", "/new_mempool_tx", "/new_block"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
