/** Broadcasting beyond the recorded requests: chaining, memos, several signatures, ordered faults. */
import { AuthType, Cl, makeSTXTokenTransfer, nextSignature, privateKeyToPublic } from "@stacks/transactions";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEVNET_ACCOUNTS } from "./accounts.ts";
import { decodeTransaction, initialSigHash } from "./chain/transaction.ts";
import type { Devnet } from "./devnet.ts";
import { ask, order, startQuietDevnet } from "./testing/harness.ts";
import { FEE, postBytes, Wallet } from "./testing/wallet.ts";

/** Hex digits before a single signature: version, chain id, kind of authorisation, hash mode, signer, nonce, fee, key encoding. */
const SIGNATURE_START = 2 * (1 + 4 + 1 + 1 + 20 + 8 + 8 + 1);

let devnet: Devnet;
let payer: Wallet;
let payee: Wallet;

beforeAll(async () => {
  devnet = await startQuietDevnet();
});

beforeEach(async () => {
  await order(devnet, "faults", { clear: true, forget_mempool: true });
  payer = new Wallet(devnet, "wallet_1");
  payee = new Wallet(devnet, "wallet_2");
  const { json } = await ask(devnet, "GET", `/v2/accounts/${payer.address}?proof=0`);
  payer.nextNonce = BigInt((json as { nonce: number }).nonce);
});

afterAll(() => devnet.stop());

async function unconfirmed(txid: string): Promise<number> {
  return (await ask(devnet, "GET", `/v2/transactions/unconfirmed/${txid}`)).status;
}

describe("the mempool", () => {
  it("takes nonces up to 26 above the next one, and no further", async () => {
    const next = payer.nextNonce;
    for (let offset = 0n; offset <= 26n; offset++)
      await payer.send(payer.transfer(payee.address, 1n, { nonce: next + offset }));
    const { status, json } = await payer.post(await payer.transfer(payee.address, 1n, { nonce: next + 27n }));
    expect(status).toBe(400);
    expect(json).toMatchObject({ reason: "TooMuchChaining" });
    const [block] = await devnet.chain.mine(1);
    expect(block?.transactions).toHaveLength(27);
  });

  it("takes memos that are no text, and reports their bytes", async () => {
    const memo = `fffe0080${"00".repeat(30)}`;
    const signed = await payer.transfer(payee.address, 1n);
    const unsigned = signed.serialize().slice(0, -memo.length) + memo;
    const hash = initialSigHash(decodeTransaction(Buffer.from(unsigned, "hex")));
    const { nextSig } = nextSignature(
      hash,
      AuthType.Standard,
      FEE,
      signed.auth.spendingCondition.nonce,
      payer.privateKey,
    );
    const raw = unsigned.slice(0, SIGNATURE_START) + nextSig + unsigned.slice(SIGNATURE_START + nextSig.length);
    expect((await postBytes(devnet, Buffer.from(raw, "hex"))).status).toBe(200);
    const [block] = await devnet.chain.mine(1);
    expect(block?.transactions.at(-1)?.events[0]?.data["memo"]).toBe(memo);
  });

  it.each([
    ["text that is no UTF-8", Cl.stringUtf8("ab"), "6162", "ff80"],
    ["text that is no ASCII", Cl.stringAscii("ab"), "6162", "ff80"],
    ["a type that does not exist", Cl.uint(1), "01000000000000000000000000000000", "7f000000000000000000000000000000"],
  ])("takes no argument with %s for a transaction", async (_, value, good, bad) => {
    const raw = (await payer.call(`${payee.address}.any`, "any", [value], { nonce: 0n })).serialize();
    const answer = await postBytes(
      devnet,
      Buffer.from(raw.slice(0, raw.lastIndexOf(good)) + bad + raw.slice(raw.lastIndexOf(good) + good.length), "hex"),
    );
    expect(answer).toMatchObject({ status: 400, type: "text/plain", text: expect.stringMatching(/^Failed to decode/) });
  });

  it("verifies several signatures", async () => {
    const keys = DEVNET_ACCOUNTS.slice(0, 3).map(({ privateKey }) => privateKey);
    const signers = {
      publicKeys: keys.map(privateKeyToPublic).map(String),
      numSignatures: 2,
      signerKeys: keys.slice(0, 2),
    };
    const transfer = await makeSTXTokenTransfer({
      ...signers,
      recipient: payee.address,
      amount: 1n,
      fee: 1000n,
      nonce: 0n,
      network: "testnet",
    });
    const rejected = await postBytes(devnet, transfer.serializeBytes());
    expect(rejected.json, "the signatures hold, the account is empty").toMatchObject({ reason: "NotEnoughFunds" });
  });
});

describe("an ordered fault", () => {
  it("breaks the connection after the transaction was accepted", async () => {
    await order(devnet, "faults", { broadcast: "accept-then-disconnect" });
    const signed = await payer.transfer(payee.address, 1n);
    await expect(payer.post(signed)).rejects.toThrow("fetch failed");
    expect(await unconfirmed(signed.txid())).toBe(200);
    expect((await payer.post(signed)).status).toBe(200);
  });

  it("keeps the client waiting after the transaction was accepted", async () => {
    await order(devnet, "faults", { broadcast: "accept-then-hang" });
    const signed = await payer.transfer(payee.address, 1n);
    const impatient = fetch(`http://127.0.0.1:${devnet.port}/v2/transactions`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: Buffer.from(signed.serializeBytes()),
      signal: AbortSignal.timeout(300),
    });
    await expect(impatient).rejects.toThrow("timeout");
    expect(await unconfirmed(signed.txid())).toBe(200);
  });

  it("answers 200 and forgets the transaction", async () => {
    await order(devnet, "faults", { broadcast: "accept-then-forget" });
    const signed = await payer.transfer(payee.address, 1n);
    expect((await payer.post(signed)).json).toBe(signed.txid());
    expect(await unconfirmed(signed.txid())).toBe(404);
  });

  it("answers 500 as often as ordered, and accepts nothing", async () => {
    await order(devnet, "faults", { broadcast: "fail", times: 2 });
    const signed = await payer.transfer(payee.address, 1n);
    expect([await payer.post(signed), await payer.post(signed)].map(({ status }) => status)).toEqual([500, 500]);
    expect(await unconfirmed(signed.txid())).toBe(404);
    expect((await payer.post(signed)).status).toBe(200);
  });

  it("empties the mempool", async () => {
    const txid = await payer.send(payer.transfer(payee.address, 1n));
    await order(devnet, "faults", { forget_mempool: true });
    expect(await unconfirmed(txid)).toBe(404);
  });

  it('fails reads, shows another network, and is over after "clear"', async () => {
    await order(devnet, "faults", { fail_reads: 1, network_id: 1 });
    expect((await ask(devnet, "GET", "/v2/info")).status).toBe(500);
    expect((await ask(devnet, "GET", "/v2/info")).json).toMatchObject({ network_id: 1 });
    await order(devnet, "faults", { clear: true });
    expect((await ask(devnet, "GET", "/v2/info")).json).toMatchObject({ network_id: 0x80000000 });
  });

  it("slows answers down", async () => {
    await order(devnet, "faults", { delay_ms: 150 });
    const start = performance.now();
    await ask(devnet, "GET", "/v2/info");
    expect(performance.now() - start).toBeGreaterThan(140);
  });

  it("that does not exist is refused", async () => {
    await expect(order(devnet, "faults", { broadcast: "nope" })).rejects.toThrow("broadcast must be one of");
  });
});
