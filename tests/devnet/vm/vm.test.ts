/** The VM behind its worker: it goes to any state, and survives what breaks the simulator. */
import { Cl, PostConditionMode } from "@stacks/transactions";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DEVNET_ACCOUNTS, MINER } from "../accounts.ts";
import { Vm } from "./vm.ts";
import type { VmAction, VmTransaction } from "./types.ts";

const [DEPLOYER = "", USER = ""] = DEVNET_ACCOUNTS.map(({ address }) => address);
const COUNTER = `${DEPLOYER}.counter`;
const SOURCE = `
  (define-data-var count uint u0)
  (define-read-only (get-count) (var-get count))
  (define-read-only (same (value uint)) value)
  (define-public (add (value uint)) (begin (asserts! (> value u0) (err u7)) (ok (var-set count (+ (var-get count) (/ (* value u6) (- value u3)))))))`;

let vm: Vm;
let serial = 0;

function transaction(action: VmAction): VmTransaction {
  const origin = action.kind === "deploy" ? DEPLOYER : USER;
  return {
    txid: String(serial++),
    origin,
    payer: origin,
    fee: 1n,
    action,
    postConditions: [],
    postConditionMode: PostConditionMode.Deny,
  };
}

function add(value: number): VmTransaction {
  return transaction({
    kind: "call",
    contract: COUNTER,
    function: "add",
    arguments: [Buffer.from(Cl.serialize(Cl.uint(value)), "hex")],
  });
}

async function mine(parent: string, state: string, transactions: VmTransaction[], burnBlocks = 0): Promise<string[]> {
  const { receipts } = await vm.request("mine", { parent, state, block: { burnBlocks, transactions } });
  return receipts.map(({ status, error }) => error ?? status);
}

async function count(state: string): Promise<number> {
  const read = await vm.request("callRead", {
    state,
    contract: COUNTER,
    function: "get-count",
    arguments: [],
    sender: USER,
  });
  return read.okay ? Number(Cl.deserialize<ReturnType<typeof Cl.uint>>(read.result).value) : Number.NaN;
}

beforeAll(async () => {
  vm = new Vm(1_767_225_600, MINER.address);
  await vm.request("genesis", {
    state: "genesis",
    balances: [DEPLOYER, USER].map((address) => [address, 1_000_000n]),
    burnHeight: 100,
  });
  await mine("genesis", "deployed", [
    transaction({ kind: "deploy", name: "counter", source: SOURCE, clarityVersion: 4 }),
  ]);
});

afterAll(() => vm.stop());

it("finds the transactions of a block that fail when they run, and keeps the others", async () => {
  const outcomes = await mine("deployed", "mixed", [add(4), add(3), add(0), add(5), add(3), add(6)]);
  expect(outcomes).toEqual(["success", "DivisionByZero", "abort_by_response", "success", "DivisionByZero", "success"]);
  expect(await count("mixed")).toBe(24 + 15 + 12);
  expect(await vm.request("balance", { state: "mixed", principal: USER })).toBe(1_000_000n - 6n);
});

it("tells a transaction that nobody can pay from one that fails behind it", async () => {
  const poor = { ...add(4), origin: MINER.address, payer: MINER.address, fee: 1_000_000n };
  const broke = { ...add(3), payer: MINER.address, fee: 1_000_000n };
  const outcomes = await mine("deployed", "unpaid", [poor, add(3), broke, add(4)]);
  expect(outcomes).toEqual(["unpayable", "DivisionByZero", "unpayable", "success"]);
  expect(await count("unpaid")).toBe(24);
});

it("initialises each contract in the name of its own deployer", async () => {
  const source =
    "(define-constant owner tx-sender) (define-constant caller contract-caller) (define-read-only (owners) (list owner caller))";
  const deploys = [DEPLOYER, USER, DEPLOYER].map((origin, index) => ({
    ...transaction({ kind: "deploy", name: `owned-${index}`, source, clarityVersion: 4 }),
    origin,
    payer: origin,
  }));
  expect(await mine("deployed", "owned", deploys)).toEqual(["success", "success", "success"]);
  for (const [index, { origin }] of deploys.entries()) {
    const contract = `${origin}.owned-${index}`;
    const read = await vm.request("callRead", {
      state: "owned",
      contract,
      function: "owners",
      arguments: [],
      sender: MINER.address,
    });
    expect(read).toEqual({
      okay: true,
      result: `0x${Cl.serialize(Cl.list([Cl.principal(origin), Cl.principal(origin)]))}`,
    });
  }
});

it("takes back a deploy under a condition that it breaks", async () => {
  const deploy = transaction({
    kind: "deploy",
    name: "greedy",
    source: `(stx-transfer? u5 tx-sender '${USER})`,
    clarityVersion: 4,
  });
  expect(await mine("deployed", "greedy", [deploy])).toEqual([expect.stringContaining("was moved by")]);
  expect(await vm.request("balance", { state: "greedy", principal: DEPLOYER })).toBe(1_000_000n - 2n);
});

it("runs blocks of any length, with failures anywhere", async () => {
  const values = Array.from({ length: 120 }, (_, index) => (index % 10 === 9 ? 3 : 4));
  const outcomes = await mine("deployed", "long", values.map(add), 5);
  expect(outcomes).toEqual(values.map((value) => (value === 3 ? "DivisionByZero" : "success")));
  expect(await count("long")).toBe(108 * 24);
});

it("goes back and forth between the states of many blocks", async () => {
  for (let height = 0; height < 90; height++)
    await mine(height === 0 ? "deployed" : `chain ${height - 1}`, `chain ${height}`, [add(4), add(4)]);
  await mine("chain 10", "branch", [add(5)]);
  for (const height of [89, 0, 45, 88, 12, 89]) expect(await count(`chain ${height}`)).toBe((height + 1) * 48);
  expect(await count("branch")).toBe(11 * 48 + 15);
});

it("survives panics of the simulator", async () => {
  const before = await count("mixed");
  for (let round = 0; round < 20; round++) {
    const read = await vm.request("callRead", {
      state: "mixed",
      contract: COUNTER,
      function: "same",
      arguments: [new Uint8Array([255, 1])],
      sender: USER,
    });
    expect(read.okay).toBe(false);
    expect(await count("mixed")).toBe(before);
  }
  expect(await mine("mixed", "after the panics", [add(4)])).toEqual(["success"]);
});
