/** Command line of the local chain: `npx tsx tests/devnet/main.ts --help`. */
import { parseArgs } from "node:util";
import { startDevnet } from "./devnet.ts";

const HELP = `Usage: tsx tests/devnet/main.ts [options]
  --port N                  RPC port on 127.0.0.1 (default 20443; 0 = a free one)
  --observer URL            event observer, http://host:port[/prefix]; repeatable
  --observer-timeout-ms N   longest wait for an observer (default 10000)
  --mine-interval-ms N      mine pending transactions in this rhythm (default 500; 0 = on request only)
  --auth-token TOKEN        authorization header of guarded paths (default 12345)
  --state-dir DIR           write every delivered payload to DIR/events.jsonl
`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "20443" },
    observer: { type: "string", multiple: true, default: [] },
    "observer-timeout-ms": { type: "string", default: "10000" },
    "mine-interval-ms": { type: "string", default: "500" },
    "auth-token": { type: "string", default: "12345" },
    "state-dir": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function wholeNumber(name: "port" | "observer-timeout-ms" | "mine-interval-ms"): number {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name} must be a whole number`);
  return value;
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  // Nothing outlives the process: the VM is a thread, and the only file is --state-dir's.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
  const devnet = await startDevnet({
    port: wholeNumber("port"),
    observers: values.observer,
    observerTimeoutMs: wholeNumber("observer-timeout-ms"),
    mineIntervalMs: wholeNumber("mine-interval-ms"),
    authToken: values["auth-token"],
    stateDir: values["state-dir"] ?? null,
    log: (line) => void process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify({ ready: true, port: devnet.port, pid: process.pid })}\n`);
}
