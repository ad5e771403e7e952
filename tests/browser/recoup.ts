/** The real command line, as a process of its own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = join(process.env.CARGO_TARGET_DIR ?? "target", "debug", "recoup");

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of wallets and a journal, and a node. */
export class Recoup {
  readonly #folder = mkdtempSync(join(tmpdir(), "recoup-browser-"));
  readonly #environment: NodeJS.ProcessEnv;

  constructor(nodeUrl: string) {
    const passphrase = join(this.#folder, "passphrase");
    writeFileSync(passphrase, "local chain only\n");
    this.#environment = {
      PATH: process.env.PATH,
      NO_PROXY: "127.0.0.1",
      RECOUP_HOME: join(this.#folder, "home"),
      RECOUP_NODE_URL: nodeUrl,
      RECOUP_PASSPHRASE_FILE: passphrase,
    };
  }

  /** Runs a command to its end; `onPage` gets the address of a page that is to be opened meanwhile. */
  run(words: readonly string[], onPage?: (url: string) => Promise<void>): Promise<Finished> {
    return new Promise((resolve, reject) => {
      const child = spawn(PROGRAM, [...words, "--json"], { env: this.#environment, stdio: ["ignore", "pipe", "pipe"] });
      let [stdout, stderr, isOpened] = ["", "", false];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
        const url = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{64}\//.exec(stderr)?.[0];
        if (url === undefined || isOpened) return;
        isOpened = true;
        onPage?.(url).catch((error: unknown) => {
          child.kill();
          reject(error instanceof Error ? error : new Error(String(error)));
        });
      });
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  }

  /** Runs a command that has to succeed, and gives its document. */
  async document(words: readonly string[], onPage?: (url: string) => Promise<void>): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await this.run(words, onPage);
    if (code !== 0) throw new Error(`recoup ${words.join(" ")} ended with ${String(code)}\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async import(name: string, secret: string): Promise<void> {
    const file = join(this.#folder, "secret");
    writeFileSync(file, secret);
    await this.document(["wallet", "import", name, "--from-file", file]);
    rmSync(file);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
