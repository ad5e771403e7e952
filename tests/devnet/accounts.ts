/**
 * Fixed test keys. The devnet accounts are the public, well-known ones that Clarinet writes into settings/Devnet.toml:
 * never use them for anything of value. The miner and the signer exist on the local chain only.
 */
import { AddressVersion, getAddressFromPrivateKey } from "@stacks/transactions";
import { derive } from "./hashes.ts";

export interface Account {
  readonly name: string;
  readonly privateKey: string;
  readonly address: string;
}

/** Balance of every devnet account at genesis, in uSTX. */
export const INITIAL_BALANCE = 100_000_000_000_000n;

const DEVNET_KEYS: Record<string, string> = {
  deployer: "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601",
  wallet_1: "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801",
  wallet_2: "530d9f61984c888536871c6573073bdfc0058896dc1adfe9a6a10dfacadc209101",
  wallet_3: "d655b2523bcd65e34889725c73064feb17ceb796831c0e111ba1a552b0f31b3901",
  wallet_4: "f9d7206a47f14d2870c163ebab4bf3e70d18f5d14ce1031f3902fbbc894fe4c701",
  wallet_5: "3eccc5dac8056590432db6a35d52b9896876a3d5cbdea53b72400bc9c2099fe801",
  wallet_6: "7036b29cb5e235e5fd9b09ae3e8eec4404e44906814d5d01cbca968a60ed4bfb01",
  wallet_7: "b463f0df6c05d2f156393eee73f8016c5372caa0e9e29a901bb7171d90dc4f1401",
  wallet_8: "6a1a754ba863d7bab14adbbc3f8ebb090af9e871ace621d3e5ab634e1422885e01",
  faucet: "de433bdfa14ec43aa1098d5be594c8ffb20a31485ff9de2923b2689471c401b801",
};

function account(name: string, privateKey: string): Account {
  return { name, privateKey, address: getAddressFromPrivateKey(privateKey, "testnet") };
}

export const DEVNET_ACCOUNTS: readonly Account[] = Object.entries(DEVNET_KEYS).map(([name, key]) => account(name, key));

export const DEPLOYER = DEVNET_ACCOUNTS.find(({ name }) => name === "deployer") as Account;

/** Collects the fees and signs tenure changes, coinbases and blocks. */
export const MINER = account("miner", `${derive("recoup devnet miner")}01`);

/** The one signer of the reward set. */
export const SIGNER = account("signer", `${derive("recoup devnet signer")}01`);

/** Versions of addresses that belong to this network. */
export const TESTNET_VERSIONS: readonly number[] = [AddressVersion.TestnetSingleSig, AddressVersion.TestnetMultiSig];

/** Version byte of testnet transactions. */
export const TRANSACTION_VERSION = 0x80;

export const TESTNET_CHAIN_ID = 0x80000000;
