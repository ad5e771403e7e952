/** /devnet/v1/*: what a test orders from the chain. Not part of any node. */
import { makeContractCall, Cl, makeSTXTokenTransfer } from "@stacks/transactions";
import { DEPLOYER, DEVNET_ACCOUNTS } from "./accounts.ts";
import { hex128 } from "./chain/admission.ts";
import type { Chain } from "./chain/chain.ts";
import { nonceAfter } from "./chain/mempool.ts";
import { decodeTransaction } from "./chain/transaction.ts";
import type { StacksBlock } from "./chain/types.ts";
import { orderFaults } from "./fault-orders.ts";
import { count } from "./options.ts";
import type { Options } from "./options.ts";
import type { Context } from "./rpc/context.ts";
import { json } from "./rpc/http.ts";
import type { Reply, Route, RpcRequest } from "./rpc/http.ts";

const FUND_FEE = 10_000n;

export function controlRoutes(context: Context): Route[] {
  const { chain, observers } = context;
  const post = (name: string, handle: (options: Options) => Promise<unknown> | unknown): Route => ({
    method: "POST",
    pattern: new RegExp(`^/devnet/v1/${name}$`),
    handle: async (request) => answer(request, handle),
  });
  return [
    post("mine", async (options) => ({ blocks: (await mine(chain, options)).map(summary) })),
    post("burn", (options) => burn(chain, options)),
    post("fork", (options) => fork(chain, options)),
    post("flip", async (options) => {
      const { tip, built } = await chain.flip(count(options, "build", 1));
      return { adopted: summary(tip), built: built.map(summary), burn_block_height: chain.burn.tip.height };
    }),
    post("fund", (options) => fund(chain, options)),
    post("faults", (options) => orderFaults(context, options)),
    post("observers", ({ add }) => {
      if (typeof add === "string") observers.add(add);
      return { observers: observers.endpoints };
    }),
    post("wait-observers", async () => {
      await observers.drained();
      return { queued: observers.length };
    }),
    {
      method: "GET",
      pattern: /^\/devnet\/v1\/observers$/,
      handle: () => json({ observers: observers.endpoints, queued: observers.length }),
    },
    { method: "GET", pattern: /^\/devnet\/v1\/state$/, handle: async () => json(await state(context)) },
  ];
}

async function answer({ body }: RpcRequest, handle: (options: Options) => unknown): Promise<Reply> {
  try {
    const options = (body.length === 0 ? {} : JSON.parse(body.toString())) as Options;
    return json(await handle(options));
  } catch (error) {
    return json({ error: error instanceof Error ? error.message : String(error) }, 400);
  }
}

/** Blocks of what waits; or, with `transactions`, one block of a miner who knows those and nothing else. */
function mine(chain: Chain, options: Options): Promise<StacksBlock[]> {
  const { transactions } = options;
  if (transactions === undefined) return chain.mine(count(options, "blocks", 1));
  if (!Array.isArray(transactions)) throw new TypeError("transactions must be a list of txids");
  return chain.mineChosen(transactions.map((txid) => String(txid).replace(/^0x/, ""))).then((block) => [block]);
}

function summary(block: StacksBlock): Record<string, unknown> {
  return {
    height: block.height,
    block_hash: block.hash,
    index_block_hash: block.id,
    burn_block_height: block.tenureBurn.height,
    burn_view_height: block.burnView.height,
    txids: block.transactions.flatMap(({ txid, decoded }) => (decoded === null ? [] : [txid])),
  };
}

async function burn(chain: Chain, options: Options): Promise<unknown> {
  const { mine = true, sortition = true, announce = true } = options;
  const blocks = await chain.advanceBurn(count(options, "blocks", 1), {
    mine: mine === true,
    sortition: sortition === true,
    announce: announce === true,
  });
  return { burn_block_height: chain.burn.tip.height, blocks: blocks.map(summary) };
}

async function fork(chain: Chain, options: Options): Promise<unknown> {
  const { transactions = "remine", burn: byBurn = true } = options;
  const chosen = Array.isArray(transactions)
    ? new Set(transactions.map((txid) => String(txid).replace(/^0x/, "")))
    : null;
  const keep = (txid: string): boolean => chosen?.has(txid) ?? transactions === "remine";
  const depth = count(options, "depth", 1);
  const build = count(options, "build", byBurn === true ? 1 : depth + 1);
  const { orphaned, built } =
    byBurn === true ? await chain.forkBurn(depth, build, keep) : await chain.forkSiblings(depth, build, keep);
  return { orphaned: orphaned.map(summary), built: built.map(summary), burn_block_height: chain.burn.tip.height };
}

/** A real transaction of the deployer: a transfer, or the token contract's `mint (amount recipient)`. */
async function fund(chain: Chain, { address, amount, token, mine = true }: Options): Promise<unknown> {
  if (typeof address !== "string") throw new TypeError("address must be a principal");
  const pending = chain.mempool.pending(chain.tip).filter(({ origin }) => origin.address === DEPLOYER.address);
  const nonce = nonceAfter(chain.tip.nonces, DEPLOYER.address) + BigInt(pending.length);
  const common = { senderKey: DEPLOYER.privateKey, network: "testnet", nonce, fee: FUND_FEE } as const;
  const units = BigInt(String(amount));
  const transaction =
    typeof token === "string"
      ? await makeContractCall({
          ...common,
          contractAddress: token.split(".")[0] ?? "",
          contractName: token.split(".")[1] ?? "",
          functionName: "mint",
          functionArgs: [Cl.uint(units), Cl.principal(address)],
          postConditionMode: "allow",
        })
      : await makeSTXTokenTransfer({ ...common, recipient: address, amount: units });
  const decoded = decodeTransaction(transaction.serializeBytes());
  await chain.accept(decoded);
  const [block] = mine === true ? await chain.mine(1) : [];
  const status = block?.transactions.find(({ txid }) => txid === decoded.txid)?.status ?? "pending";
  return { txid: decoded.txid, status };
}

async function state({ chain, observers }: Context): Promise<unknown> {
  const { tip } = chain;
  const accounts = await Promise.all(
    DEVNET_ACCOUNTS.map(async ({ name, address, privateKey }) => ({
      name,
      address,
      private_key: privateKey,
      balance: (await chain.balanceOf(address)).toString(),
      balance_hex: hex128(await chain.balanceOf(address)),
      nonce: Number(nonceAfter(tip.nonces, address)),
    })),
  );
  return {
    tip: summary(tip),
    burn_block_height: chain.burn.tip.height,
    mempool: chain.mempool.pending(tip).map(({ txid }) => txid),
    contracts: [...tip.contracts.keys()],
    observers: observers.endpoints,
    queued: observers.length,
    accounts,
  };
}
