/** Signs for a devnet account and posts to a local chain. Nonces count up by themselves. */
import { readFileSync } from "node:fs";
import { makeContractCall, makeContractDeploy, makeSTXTokenTransfer } from "@stacks/transactions";
import type { ClarityValue, PostCondition, PostConditionModeName, StacksTransactionWire } from "@stacks/transactions";
import { DEVNET_ACCOUNTS } from "../accounts.ts";
import type { Devnet } from "../devnet.ts";
import { ask } from "./harness.ts";
import type { Answer } from "./harness.ts";

export const FEE = 10_000n;

export interface SigningOptions {
  fee?: bigint;
  nonce?: bigint;
  memo?: string;
  postConditionMode?: PostConditionModeName;
  postConditions?: PostCondition[];
}

export class Wallet {
  readonly address: string;
  readonly privateKey: string;
  nextNonce = 0n;
  readonly #devnet: Devnet;

  constructor(devnet: Devnet, name: string) {
    const account = DEVNET_ACCOUNTS.find((candidate) => candidate.name === name);
    if (account === undefined) throw new Error(`no devnet account ${name}`);
    this.address = account.address;
    this.privateKey = account.privateKey;
    this.#devnet = devnet;
  }

  /** Post-conditions and memo only where they are given: undefined is not the same as absent. */
  #common({ fee = FEE, nonce, ...rest }: SigningOptions) {
    return { fee, nonce: nonce ?? this.nextNonce++, senderKey: this.privateKey, network: "testnet" as const, ...rest };
  }

  transfer(recipient: string, amount: bigint, options: SigningOptions = {}): Promise<StacksTransactionWire> {
    return makeSTXTokenTransfer({ recipient, amount, ...this.#common(options) });
  }

  call(
    contract: string,
    functionName: string,
    functionArgs: ClarityValue[],
    options: SigningOptions = {},
  ): Promise<StacksTransactionWire> {
    const [contractAddress = "", contractName = ""] = contract.split(".");
    return makeContractCall({
      contractAddress,
      contractName,
      functionName,
      functionArgs,
      postConditionMode: "allow",
      ...this.#common(options),
    });
  }

  deploy(contractName: string, codeBody: string, options: SigningOptions = {}): Promise<StacksTransactionWire> {
    return makeContractDeploy({
      contractName,
      codeBody,
      clarityVersion: 4,
      ...this.#common({ fee: 100_000n, ...options }),
    });
  }

  post(transaction: StacksTransactionWire): Promise<Answer> {
    return postBytes(this.#devnet, transaction.serializeBytes());
  }

  /** Posts what must be accepted; gives the txid. */
  async send(signed: Promise<StacksTransactionWire>): Promise<string> {
    const { status, text, json } = await this.post(await signed);
    if (status !== 200) throw new Error(text);
    return json as string;
  }
}

export function postBytes(devnet: Devnet, bytes: Uint8Array): Promise<Answer> {
  return ask(devnet, "POST", "/v2/transactions", Buffer.from(bytes), { "content-type": "application/octet-stream" });
}

/** Source of one of the recorded contracts. */
export function rigSource(name: "rig-token" | "rig-pay" | "rig-router"): string {
  return readFileSync(new URL(`../../fixtures/regtest/contracts/${name}.clar`, import.meta.url), "utf8");
}

/** Deploys the recorded contracts. */
export async function deployRig(devnet: Devnet): Promise<Wallet> {
  const deployer = new Wallet(devnet, "deployer");
  for (const name of ["rig-token", "rig-pay", "rig-router"] as const)
    await deployer.send(deployer.deploy(name, rigSource(name)));
  await devnet.chain.mine(1);
  return deployer;
}
