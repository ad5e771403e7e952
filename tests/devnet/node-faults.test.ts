/** A node that lags, sits on another fork, lies, refuses, restarts; miners with a mind of their own. */
import { Cl } from "@stacks/transactions";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { StacksBlock } from "./chain/types.ts";
import type { Devnet } from "./devnet.ts";
import { ask, order, startObserver, startQuietDevnet } from "./testing/harness.ts";
import type { Observer } from "./testing/harness.ts";
import { deployRig, FEE, Wallet } from "./testing/wallet.ts";

let observer: Observer;
let devnet: Devnet;
let payer: Wallet;
let payee: Wallet;

beforeAll(async () => {
  observer = await startObserver();
  devnet = await startQuietDevnet({ observers: [observer.url] });
});

beforeEach(async () => {
  await order(devnet, "faults", { clear: true, forget_mempool: true });
  await devnet.chain.advanceBurn(1, { mine: true });
  payer = new Wallet(devnet, "wallet_1");
  payee = new Wallet(devnet, "wallet_2");
  payer.nextNonce = BigInt((await account(payer.address)).nonce);
});

afterAll(async () => {
  await devnet.stop();
  await observer.close();
});

async function account(address: string, tip?: StacksBlock): Promise<{ balance: bigint; nonce: number }> {
  const at = tip === undefined ? "" : `&tip=${tip.id}`;
  const { json } = await ask(devnet, "GET", `/v2/accounts/${address}?proof=0${at}`);
  const { balance, nonce } = json as { balance: string; nonce: number };
  return { balance: BigInt(balance), nonce };
}

async function info(): Promise<Record<string, unknown>> {
  return (await ask(devnet, "GET", "/v2/info")).json as Record<string, unknown>;
}

async function unconfirmed(txid: string): Promise<number> {
  return (await ask(devnet, "GET", `/v2/transactions/unconfirmed/${txid}`)).status;
}

async function mined(options: Record<string, unknown> = {}): Promise<string[]> {
  const { blocks } = (await order(devnet, "mine", options)) as { blocks: { txids: string[] }[] };
  return blocks.flatMap(({ txids }) => txids);
}

async function drops(): Promise<unknown[]> {
  await order(devnet, "wait-observers");
  return observer.deliveries
    .splice(0)
    .filter(({ path }) => path === "/drop_mempool_tx")
    .map(({ body }) => body);
}

describe("a node that lags", () => {
  it("answers from an older tip and knows no later block", async () => {
    const before = devnet.chain.tip;
    await payer.send(payer.transfer(payee.address, 7n));
    const [block] = await devnet.chain.mine(1);
    await devnet.chain.advanceBurn(2, { mine: true });
    const now = await account(payer.address);
    await order(devnet, "faults", { lag_blocks: 3, is_fully_synced: false });
    expect(await info()).toMatchObject({
      stacks_tip: before.hash,
      stacks_tip_height: before.height,
      burn_block_height: before.burnView.height,
      is_fully_synced: false,
    });
    expect(await account(payer.address)).toEqual({ balance: now.balance + FEE + 7n, nonce: now.nonce - 1 });
    expect((await ask(devnet, "GET", `/v2/accounts/${payer.address}?proof=0&tip=${block?.id}`)).status).toBe(404);
    expect((await ask(devnet, "GET", `/v3/transaction/${block?.transactions.at(-1)?.txid}`)).status).toBe(404);
    expect((await ask(devnet, "GET", "/v3/tenures/info")).json).toMatchObject({ tip_block_id: before.id });
    expect((await ask(devnet, "GET", `/v3/tenures/blocks/height/${devnet.chain.burn.tip.height}`)).status).toBe(404);
    expect((await ask(devnet, "GET", "/v3/health")).json).toMatchObject({ difference_from_max_peer: 3 });
    await order(devnet, "faults", { lag_blocks: 0 });
    expect(await account(payer.address)).toEqual(now);
  });

  it("takes a transaction whose nonce a block has used, and it is never mined again", async () => {
    const signed = await payer.transfer(payee.address, 7n);
    const rival = await payer.transfer(payee.address, 8n, { nonce: payer.nextNonce - 1n, fee: FEE + 1n });
    expect((await payer.post(signed)).status).toBe(200);
    await mined();
    await order(devnet, "faults", { lag_blocks: 1 });
    expect((await payer.post(rival)).status).toBe(200);
    await order(devnet, "faults", { clear: true });
    expect((await payer.post(await payer.transfer(payee.address, 9n, { nonce: payer.nextNonce - 1n }))).json).toMatchObject(
      { reason: "BadNonce" },
    );
    expect(await mined()).toEqual([]);
  });
});

describe("a node on another fork", () => {
  it("answers from the branch that was abandoned, while the chain goes on", async () => {
    const deployer = await deployRig(devnet);
    const balanceOf = async (): Promise<unknown> => {
      const body = JSON.stringify({
        sender: payer.address,
        arguments: [`0x${Cl.serialize(Cl.principal(payer.address))}`],
      });
      const path = `/v2/contracts/call-read/${deployer.address}/rig-token/get-balance`;
      return Cl.deserialize(((await ask(devnet, "POST", path, body)).json as { result: string }).result);
    };
    await devnet.chain.advanceBurn(1, { mine: true });
    const txid = await payer.send(
      payer.call(`${deployer.address}.rig-token`, "mint", [Cl.uint(10), Cl.principal(payer.address)]),
    );
    const [abandoned] = await devnet.chain.mine(1);
    await devnet.chain.forkBurn(1, 2, () => false);
    await order(devnet, "faults", { stuck_on: "abandoned" });
    expect(await info()).toMatchObject({ stacks_tip: abandoned?.hash, is_fully_synced: true });
    expect(await balanceOf()).toEqual(Cl.ok(Cl.uint(10)));
    expect((await ask(devnet, "GET", `/v3/transaction/${txid}`)).json).toMatchObject({ is_canonical: true });
    expect((await ask(devnet, "GET", `/v2/accounts/${payer.address}?proof=0&tip=${devnet.chain.tip.id}`)).status).toBe(404);
    await devnet.chain.mine(1);
    expect(await info()).toMatchObject({ stacks_tip: abandoned?.hash });
    await order(devnet, "faults", { stuck_on: "none" });
    expect(await info()).toMatchObject({ stacks_tip: devnet.chain.tip.hash });
    expect(await balanceOf()).toEqual(Cl.ok(Cl.uint(0)));
  });

  it("can be a node that no longer follows", async () => {
    const { tip } = devnet.chain;
    await order(devnet, "faults", { stuck_on: "present" });
    await devnet.chain.advanceBurn(2, { mine: true });
    expect(await info()).toMatchObject({ stacks_tip: tip.hash, burn_block_height: tip.burnView.height });
  });
});

describe("a node that lies about nonces", () => {
  it("tells another one than it then demands", async () => {
    const { nonce } = await account(payer.address);
    for (const offset of [2, -1]) {
      await order(devnet, "faults", { nonce_offset: offset });
      expect((await account(payer.address)).nonce).toBe(Math.max(0, nonce + offset));
    }
    await payer.send(payer.transfer(payee.address, 1n));
    expect(await mined()).toHaveLength(1);
  });
});

describe("a node that refuses", () => {
  it.each([
    ["TooMuchChaining", { message: "Nonce would exceed chaining limit in mempool" }],
    ["TemporarilyBlacklisted", undefined],
    ["ServerFailureNoSuchChainTip", undefined],
    ["ServerFailureDatabase", { message: "database or disk is full" }],
    ["ServerFailureOther", { message: "ordered fault" }],
  ])("says %s as often as ordered", async (reason, data) => {
    await order(devnet, "faults", { reject: reason, times: 1 });
    const signed = await payer.transfer(payee.address, 1n);
    const { status, json } = await payer.post(signed);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: "transaction rejected", reason, txid: signed.txid() });
    if (data === undefined) expect(json).not.toHaveProperty("reason_data");
    else expect(json).toMatchObject({ reason_data: data });
    expect(await unconfirmed(signed.txid())).toBe(404);
    expect((await payer.post(signed)).status).toBe(200);
  });

  it("wants 1 uSTX a byte at the least", async () => {
    const { json } = await payer.post(await payer.transfer(payee.address, 1n, { fee: 179n }));
    expect(json).toMatchObject({ reason: "FeeTooLow", reason_data: { actual: 179, expected: 180 } });
  });

  it("wants a strictly higher fee for a transaction that takes another's place", async () => {
    const nonce = payer.nextNonce;
    const first = await payer.send(payer.transfer(payee.address, 1n, { nonce }));
    const same = await payer.post(await payer.transfer(payee.address, 2n, { nonce }));
    expect(same.json).toMatchObject({ reason: "ConflictingNonceInMempool" });
    expect(same.json).not.toHaveProperty("reason_data");
    expect(await unconfirmed(first)).toBe(200);
    await drops();
    const second = await payer.send(payer.transfer(payee.address, 2n, { nonce, fee: FEE + 1n }));
    expect(await unconfirmed(first)).toBe(404);
    expect(await drops()).toEqual([{ dropped_txids: [`0x${first}`], reason: "ReplaceByFee", new_txid: `0x${second}` }]);
  });

  it("lets any fee take the place of a transaction that an abandoned branch had", async () => {
    const nonce = payer.nextNonce;
    await devnet.chain.advanceBurn(1, { mine: true });
    const first = await payer.send(payer.transfer(payee.address, 1n, { nonce }));
    await mined();
    await devnet.chain.forkBurn(1, 1, (txid) => txid !== first);
    // Forgotten by the fork's miner, and still in this node's mempool from the branch that it left.
    devnet.chain.mempool.add(
      devnet.chain.abandoned.at(-1)?.tip.transactions.find(({ txid }) => txid === first)?.decoded ?? never(),
      devnet.chain.abandoned.at(-1)?.tip ?? never(),
    );
    await drops();
    const second = await payer.send(payer.transfer(payee.address, 2n, { nonce, fee: FEE - 1n }));
    expect(await drops()).toEqual([
      { dropped_txids: [`0x${first}`], reason: "ReplaceAcrossFork", new_txid: `0x${second}` },
    ]);
  });
});

describe("miners", () => {
  it("leave a transaction until its fee is high enough", async () => {
    const nonce = payer.nextNonce;
    await order(devnet, "faults", { minimum_fee: Number(FEE) + 5 });
    const cheap = await payer.send(payer.transfer(payee.address, 1n, { nonce }));
    const after = await payer.send(payer.transfer(payee.address, 1n, { nonce: nonce + 1n, fee: 2n * FEE }));
    expect(await mined()).toEqual([]);
    expect(await unconfirmed(cheap)).toBe(200);
    const better = await payer.send(payer.transfer(payee.address, 1n, { nonce, fee: FEE + 5n }));
    expect(await mined()).toEqual([better, after]);
  });

  it("may have the original of a transaction that was replaced", async () => {
    const nonce = payer.nextNonce;
    const original = await payer.send(payer.transfer(payee.address, 1n, { nonce }));
    const replacement = await payer.send(payer.transfer(payee.address, 2n, { nonce, fee: FEE + 1n }));
    expect(await mined({ transactions: [`0x${original}`] })).toEqual([original]);
    expect(await mined()).toEqual([]);
    expect(await unconfirmed(replacement), "a node lists it until its own clean-up").toBe(200);
  });

  it("may have one that this node forgot, and not one that never was, or whose turn it is not", async () => {
    const nonce = payer.nextNonce;
    const first = await payer.send(payer.transfer(payee.address, 1n, { nonce }));
    const second = await payer.send(payer.transfer(payee.address, 1n, { nonce: nonce + 1n }));
    await order(devnet, "faults", { forget_mempool: true });
    await expect(mined({ transactions: [second] })).rejects.toThrow("nonces");
    await expect(mined({ transactions: ["00".repeat(32)] })).rejects.toThrow("never accepted");
    expect(await mined({ transactions: [first, second] })).toEqual([first, second]);
  });

  it("may have a wrong clock, which never runs backwards", async () => {
    const year = 365 * 24 * 3600;
    const { time } = devnet.chain.tip;
    await order(devnet, "faults", { clock_offset_s: year });
    const [ahead] = await devnet.chain.mine(1);
    expect(ahead?.time).toBeGreaterThanOrEqual(time + year);
    await order(devnet, "faults", { clock_offset_s: -year });
    const [behind] = await devnet.chain.mine(1);
    expect(behind?.time).toBe((ahead?.time ?? 0) + 1);
  });
});

describe("a restart", () => {
  it("breaks what waits for an answer, and forgets the mempool", async () => {
    await order(devnet, "faults", { broadcast: "accept-then-hang" });
    const signed = await payer.transfer(payee.address, 1n);
    const hanging = expect(payer.post(signed)).rejects.toThrow("fetch failed");
    await expect.poll(() => unconfirmed(signed.txid())).toBe(200);
    await order(devnet, "faults", { restart: true, down: true });
    await hanging;
    await expect(info()).rejects.toThrow("fetch failed");
    await order(devnet, "faults", { down: false });
    expect(await unconfirmed(signed.txid())).toBe(404);
    expect((await payer.post(signed)).status).toBe(200);
  });
});

describe("an order that cannot be carried out", () => {
  it.each([
    [{ reject: "NoReason" }, "reject must be one of"],
    [{ stuck_on: "moon" }, "stuck_on must be one of"],
    [{ lag_blocks: -1 }, "lag_blocks must be a whole number"],
    [{ down: "yes" }, "down must be true or false"],
  ])("%o changes nothing", async (wrong, message) => {
    await expect(order(devnet, "faults", { ...wrong, nonce_offset: 5 })).rejects.toThrow(message);
    expect(await order(devnet, "faults")).toMatchObject({ nonce_offset: 0 });
  });
});

function never(): never {
  throw new Error("it was mined there");
}
