/** Blocks, aborts and forks. */
import { Cl, deserializeTransaction, Pc, PayloadType, TenureChangeCause } from "@stacks/transactions";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StacksBlock } from "./chain/types.ts";
import type { Devnet } from "./devnet.ts";
import { ask, order, startObserver, startQuietDevnet } from "./testing/harness.ts";
import type { Observer } from "./testing/harness.ts";
import { deployRig, FEE, Wallet } from "./testing/wallet.ts";

let devnet: Devnet;
let observer: Observer;
let payer: Wallet;
let payee: Wallet;

beforeEach(async () => {
  observer = await startObserver();
  devnet = await startQuietDevnet({ observers: [observer.url] });
  payer = new Wallet(devnet, "wallet_1");
  payee = new Wallet(devnet, "wallet_2");
});

afterEach(async () => {
  await devnet.stop();
  await observer.close();
});

async function mine(count = 1): Promise<StacksBlock> {
  const blocks = await devnet.chain.mine(count);
  return blocks.at(-1) as StacksBlock;
}

async function account(address: string, tip?: StacksBlock): Promise<{ balance: bigint; nonce: number }> {
  const at = tip === undefined ? "" : `&tip=${tip.id}`;
  const { json } = await ask(devnet, "GET", `/v2/accounts/${address}?proof=0${at}`);
  const { balance, nonce } = json as { balance: string; nonce: number };
  return { balance: BigInt(balance), nonce };
}

async function announced(): Promise<{ path: string; body: Record<string, unknown> }[]> {
  await order(devnet, "wait-observers");
  return observer.deliveries.splice(0) as { path: string; body: Record<string, unknown> }[];
}

describe("a block", () => {
  it("has the same id in every run", async () => {
    const run = async (of: Devnet): Promise<string[]> => {
      const wallet = new Wallet(of, "wallet_3");
      await wallet.send(wallet.transfer(payee.address, 5n));
      const [first] = await of.chain.mine(1);
      const [second] = await of.chain.advanceBurn(1, { mine: true });
      return [first, second].map((block) => block?.id ?? "");
    };
    const other = await startQuietDevnet();
    try {
      expect(await run(devnet)).toEqual(await run(other));
    } finally {
      await other.stop();
    }
  });

  it("takes transactions in the order of their nonces, and waits for a missing one", async () => {
    await payer.send(payer.transfer(payee.address, 1n, { nonce: 2n }));
    await payer.send(payer.transfer(payee.address, 1n, { nonce: 0n }));
    expect((await mine()).transactions).toHaveLength(1);
    await payer.send(payer.transfer(payee.address, 1n, { nonce: 1n }));
    const { transactions } = await mine();
    expect(transactions.map(({ decoded }) => decoded?.origin.nonce)).toEqual([1n, 2n]);
  });

  it("leaves out a transaction that cannot be paid any more, and mines the rest", async () => {
    const poor = await account(payer.address);
    await payer.send(payer.transfer(payee.address, poor.balance - 2n * FEE));
    const unpaid = await payer.send(payer.transfer(payee.address, 2n * FEE));
    const other = await payee.send(payee.transfer(payer.address, 1n));
    const { transactions } = await mine();
    expect(transactions.map(({ txid }) => txid)).toContain(other);
    expect(transactions.map(({ txid }) => txid)).not.toContain(unpaid);
    expect(await account(payer.address)).toEqual({ balance: FEE + 1n, nonce: 1 });
  });

  it("charges the fee and uses up the nonce of aborted transactions, and nothing else", async () => {
    const deployer = await deployRig(devnet);
    const before = await account(payer.address);
    const fail = [Cl.stringAscii("a"), Cl.uint(10), Cl.principal(payee.address)];
    await payer.send(payer.call(`${deployer.address}.rig-pay`, "pay-then-fail", fail));
    await payer.send(payer.call(`${deployer.address}.rig-pay`, "pay-then-panic", [Cl.uint(0)]));
    const paid = [Cl.stringAscii("b"), Cl.uint(10), Cl.principal(payee.address), Cl.bufferFromUtf8("memo")];
    await payer.send(payer.call(`${deployer.address}.rig-pay`, "pay-stx", paid, { postConditionMode: "deny" }));
    await payer.send(payer.transfer(payee.address, 1n));
    const block = await mine();
    expect(block.transactions.map(({ status, result, vmError }) => ({ status, result, vmError }))).toEqual([
      { status: "abort_by_response", result: `0x${Cl.serialize(Cl.error(Cl.uint(500)))}`, vmError: null },
      { status: "abort_by_response", result: "0x0809", vmError: "DivisionByZero" },
      {
        status: "abort_by_post_condition",
        result: "0x0703",
        vmError: expect.stringContaining("Fungible asset STX was moved by"),
      },
      { status: "success", result: "0x0703", vmError: null },
    ]);
    expect(block.transactions.slice(0, 3).flatMap(({ events }) => events)).toEqual([]);
    expect(await account(payer.address)).toEqual({ balance: before.balance - 4n * FEE - 1n, nonce: 4 });
  });

  it("reports a refusal under an exact post-condition as the post-condition, with the refusal as result", async () => {
    const deployer = await deployRig(devnet);
    const id = [Cl.stringAscii("a"), Cl.uint(10), Cl.principal(payee.address)];
    const postConditions = [Pc.principal(payer.address).willSendEq(10).ustx()];
    await payer.send(
      payer.call(`${deployer.address}.rig-pay`, "pay-then-fail", id, { postConditionMode: "deny", postConditions }),
    );
    const { transactions } = await mine();
    expect(transactions[0]).toMatchObject({
      status: "abort_by_post_condition",
      result: `0x${Cl.serialize(Cl.error(Cl.uint(500)))}`,
    });
  });
});

describe("Bitcoin blocks", () => {
  it("open a tenure each", async () => {
    const [block] = await devnet.chain.advanceBurn(1, { mine: true });
    const [change, coinbase] = block?.transactions ?? [];
    const payload = deserializeTransaction(change?.raw ?? "").payload;
    expect(payload).toMatchObject({
      payloadType: PayloadType.TenureChange,
      cause: TenureChangeCause.BlockFound,
      burnViewHash: devnet.chain.burn.tip.consensusHash,
    });
    expect(deserializeTransaction(coinbase?.raw ?? "").payload.payloadType).toBe(PayloadType.NakamotoCoinbase);
  });

  it("extend the running tenure when they elect nobody: the burn view moves, the election does not", async () => {
    const { tip } = devnet.chain;
    await devnet.chain.advanceBurn(3, { mine: false, sortition: false });
    const block = await mine();
    expect(block.tenureBurn).toBe(tip.tenureBurn);
    expect(block.burnView.height).toBe(tip.burnView.height + 3);
    const payload = deserializeTransaction(block.transactions[0]?.raw ?? "").payload;
    expect(payload).toMatchObject({
      cause: TenureChangeCause.Extended,
      burnViewHash: devnet.chain.burn.tip.consensusHash,
    });
  });

  it("reach contracts and observers by the thousand", async () => {
    const deployer = await deployRig(devnet);
    const height = devnet.chain.burn.tip.height + 4320;
    await announced();
    await devnet.chain.advanceBurn(4320, { mine: false });
    await payer.send(
      payer.call(`${deployer.address}.rig-pay`, "pay-stx", [
        Cl.stringAscii("late"),
        Cl.uint(1),
        Cl.principal(payee.address),
        Cl.bufferFromUtf8(""),
      ]),
    );
    await mine();
    const key = `"0x${Cl.serialize(Cl.stringAscii("late"))}"`;
    const { json } = await ask(devnet, "POST", `/v2/map_entry/${deployer.address}/rig-pay/payments?proof=0`, key);
    expect(Cl.stringify(Cl.deserialize((json as { data: string }).data))).toContain(`at: u${height}`);
    const burns = (await announced()).filter(({ path }) => path === "/new_burn_block");
    expect(burns.map(({ body }) => body["burn_block_height"])).toEqual(
      Array.from({ length: 4320 }, (_, index) => height - 4319 + index),
    );
  });
});

describe("a Bitcoin reorg", () => {
  it("drops blocks and mines their transactions again: same txid, other block", async () => {
    const [base] = await devnet.chain.advanceBurn(1, { mine: true });
    await devnet.chain.advanceBurn(1, { mine: true });
    const txid = await payer.send(payer.transfer(payee.address, 7n));
    const dropped = await mine();
    await announced();
    const { orphaned, built } = await devnet.chain.forkBurn(2, 1, () => true);
    expect(orphaned.map(({ height }) => height)).toEqual([dropped.height - 1, dropped.height]);
    expect(built[0]?.transactions.map((transaction) => transaction.txid)).toContain(txid);
    expect(built[0]?.id).not.toBe(dropped.id);
    const told = await announced();
    expect(told.map(({ path }) => path)).toEqual(["/new_burn_block", "/new_burn_block", "/new_block"]);
    expect(told[0]?.body).toMatchObject({
      burn_block_height: 103,
      parent_burn_block_hash: `0x${base?.tenureBurn.hash}`,
    });
    expect(told[2]?.body).toMatchObject({ parent_index_block_hash: `0x${base?.id}`, block_height: dropped.height - 1 });
    expect(await account(payer.address)).toMatchObject({ nonce: 1 });
    expect(await account(payer.address, base)).toMatchObject({ nonce: 0 });
  });

  it("can forget transactions, or some of them", async () => {
    await devnet.chain.advanceBurn(1, { mine: true });
    const kept = await payer.send(payer.transfer(payee.address, 7n));
    const lost = await payee.send(payee.transfer(payer.address, 7n));
    await mine();
    const { built } = (await order(devnet, "fork", { depth: 1, build: 1, transactions: [`0x${kept}`] })) as {
      built: { txids: string[] }[];
    };
    expect(built[0]?.txids).toEqual([kept]);
    expect((await ask(devnet, "GET", `/v2/transactions/unconfirmed/${lost}`)).status).toBe(404);
    expect(await account(payee.address)).toMatchObject({ nonce: 0 });
  });

  it("lets a double spend replace a payment that was mined", async () => {
    await devnet.chain.advanceBurn(1, { mine: true });
    const first = await payer.send(payer.transfer(payee.address, 7n, { nonce: 0n }));
    await mine();
    await devnet.chain.forkBurn(1, 0, () => true);
    await announced();
    const second = await payer.send(
      payer.transfer(new Wallet(devnet, "wallet_3").address, 7n, { nonce: 0n, fee: FEE + 1n }),
    );
    const { transactions } = await mine();
    expect(transactions.map(({ txid }) => txid)).toContain(second);
    const told = await announced();
    expect(told[0]).toEqual({
      path: "/drop_mempool_tx",
      body: { dropped_txids: [`0x${first}`], reason: "ReplaceByFee", new_txid: `0x${second}` },
    });
  });

  it("drops fifty blocks at once", async () => {
    await devnet.chain.advanceBurn(1, { mine: true });
    const txids: string[] = [];
    for (let index = 0; index < 25; index++) {
      txids.push(await payer.send(payer.transfer(payee.address, 1n)));
      await devnet.chain.advanceBurn(1, { mine: true });
      await mine();
    }
    const height = devnet.chain.tip.height;
    const { orphaned, built } = await devnet.chain.forkBurn(50, 1, () => true);
    expect(orphaned).toHaveLength(50);
    expect(devnet.chain.tip.height).toBe(height - 49);
    expect(built[0]?.transactions.flatMap(({ decoded, txid }) => (decoded === null ? [] : [txid]))).toEqual(txids);
  });

  it("can be undone: the old branch is not announced again, only the next block on it", async () => {
    await devnet.chain.advanceBurn(1, { mine: true });
    const txid = await payer.send(payer.transfer(payee.address, 7n));
    const abandoned = await mine();
    const oldBurnTip = devnet.chain.burn.tip;
    await devnet.chain.forkBurn(1, 1, (id) => id !== txid);
    expect(await account(payer.address)).toMatchObject({ nonce: 0 });
    await announced();
    const { tip, built } = await devnet.chain.flip(1);
    expect(tip).toBe(abandoned);
    const told = await announced();
    expect(told.map(({ path }) => path)).toEqual(["/new_burn_block", "/new_burn_block", "/new_block"]);
    expect(told[0]?.body["parent_burn_block_hash"]).toBe(`0x${oldBurnTip.hash}`);
    expect(told[2]?.body["parent_index_block_hash"]).toBe(`0x${abandoned.id}`);
    expect(built[0]?.parent).toBe(abandoned);
    expect(await account(payer.address)).toMatchObject({ nonce: 1 });
  });
});

describe("a branch beside the tip", () => {
  it("wins when it is longer, under the same Bitcoin block", async () => {
    const txid = await payer.send(payer.transfer(payee.address, 7n));
    const dropped = await mine();
    const { burn_block_height: burnHeight } = await order(devnet, "fork", { depth: 1, build: 2, burn: false });
    expect(burnHeight).toBe(dropped.burnView.height);
    expect(devnet.chain.tip.height).toBe(dropped.height + 1);
    expect(devnet.chain.tip.parent?.transactions.map((transaction) => transaction.txid)).toEqual([txid]);
    expect(devnet.chain.tip.parent?.id).not.toBe(dropped.id);
  });
});

describe("reads", () => {
  it("at an older tip tell the state of that block, also of an orphaned one", async () => {
    const deployer = await deployRig(devnet);
    const token = `${deployer.address}.rig-token`;
    const blocks: StacksBlock[] = [];
    await devnet.chain.advanceBurn(1, { mine: true });
    for (let index = 0; index < 5; index++) {
      await payer.send(payer.call(token, "mint", [Cl.uint(10), Cl.principal(payer.address)]));
      blocks.push(await mine());
    }
    await devnet.chain.forkBurn(5, 1, () => false);
    const balanceAt = async (tip: string): Promise<unknown> => {
      const body = JSON.stringify({
        sender: payer.address,
        arguments: [`0x${Cl.serialize(Cl.principal(payer.address))}`],
      });
      const { json } = await ask(
        devnet,
        "POST",
        `/v2/contracts/call-read/${token.replace(".", "/")}/get-balance${tip}`,
        body,
      );
      return Cl.deserialize((json as { result: string }).result);
    };
    for (const [index, block] of blocks.entries())
      expect(await balanceAt(`?tip=${block.id}`)).toEqual(Cl.ok(Cl.uint(10 * (index + 1))));
    expect(await balanceAt("")).toEqual(Cl.ok(Cl.uint(0)));
  });
});
