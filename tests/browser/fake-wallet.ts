/** A wallet as an extension injects it, whose key lives in the test. */
import {
  Cl,
  deserializeTransaction,
  makeContractCall,
  privateKeyToAddress,
  TransactionSigner,
  wireToPostCondition,
  deserializePostConditionWire,
} from "@stacks/transactions";
import type { StacksTransactionWire } from "@stacks/transactions";
import type { Page } from "playwright-core";

export type Method = "getAddresses" | "stx_signTransaction" | "stx_callContract";

export interface Behaviour {
  readonly privateKey: string;
  readonly nodeUrl: string;
  /** Methods that it does not know. */
  readonly unknown?: readonly Method[];
  /** Says no to everything that is signed. */
  readonly refuses?: boolean;
  /** Changes what it signs. */
  readonly tamper?: (transaction: StacksTransactionWire) => void;
}

/** Puts the wallet into every page of the browser, before the page's own scripts. */
export async function inject(page: Page, behaviour: Behaviour): Promise<void> {
  await page.exposeFunction("askTestWallet", async (method: Method, parameters: Record<string, unknown>) => {
    try {
      return { result: await answer(behaviour, method, parameters) };
    } catch (error) {
      return { error };
    }
  });
  await page.addInitScript(() => {
    const ask = Reflect.get(window, "askTestWallet") as (method: string, parameters: unknown) => Promise<unknown>;
    Object.assign(window, {
      wbip_providers: [{ id: "Wallets.Test", name: "Test wallet" }],
      Wallets: { Test: { request: (method: string, parameters: unknown) => ask(method, parameters) } },
    });
  });
}

function answer(behaviour: Behaviour, method: Method, parameters: Record<string, unknown>): unknown {
  if (behaviour.unknown?.includes(method) === true) throw { code: -32601, message: `${method} is not supported` };
  if (method === "getAddresses") {
    const address = privateKeyToAddress(behaviour.privateKey, "testnet");
    return { addresses: [{ symbol: "BTC", address: "bcrt1qtest" }, { symbol: "STX", address }] };
  }
  if (behaviour.refuses === true) throw { code: -32000, message: "User rejected the request" };
  return method === "stx_signTransaction" ? sign(behaviour, parameters) : call(behaviour, parameters);
}

function sign({ privateKey, tamper }: Behaviour, { transaction, broadcast }: Record<string, unknown>): unknown {
  if (broadcast !== false) throw { code: -32000, message: "this test expects to send by itself" };
  const decoded = deserializeTransaction(String(transaction));
  tamper?.(decoded);
  const signer = new TransactionSigner(decoded);
  signer.signOrigin(privateKey);
  return { transaction: decoded.serialize() };
}

/** Signs and sends, as wallets do that offer nothing else. */
async function call({ privateKey, nodeUrl }: Behaviour, parameters: Record<string, unknown>): Promise<unknown> {
  const { contract, functionName, functionArgs, postConditions, postConditionMode, nonce, fee } = parameters;
  const [contractAddress = "", contractName = ""] = String(contract).split(".");
  const transaction = await makeContractCall({
    contractAddress,
    contractName,
    functionName: String(functionName),
    functionArgs: (functionArgs as string[]).map((hex) => Cl.deserialize(hex)),
    postConditions: (postConditions as string[]).map((hex) => wireToPostCondition(deserializePostConditionWire(hex))),
    postConditionMode: postConditionMode as "deny",
    senderKey: privateKey,
    network: "testnet",
    nonce: BigInt(String(nonce)),
    fee: BigInt(String(fee)),
  });
  const response = await fetch(`${nodeUrl}/v2/transactions`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: new Uint8Array(transaction.serializeBytes()),
  });
  if (!response.ok) throw { code: -32000, message: await response.text() };
  return { txid: transaction.txid() };
}
