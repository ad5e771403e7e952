/** Blocks of the local chain. Hashes are hex without 0x. */
import type { VmEvent, VmStatus } from "../vm/types.ts";
import type { DecodedTransaction } from "./transaction.ts";

export interface BurnBlock {
  readonly height: number;
  readonly hash: string;
  readonly consensusHash: string;
  readonly parent: BurnBlock | null;
  /** Seconds since 1970. */
  readonly time: number;
  /** Whether a miner won the right to a tenure here. */
  readonly sortition: boolean;
}

/** A contract as the RPC shows it. */
export interface Contract {
  readonly id: string;
  readonly source: string;
  readonly interface: ContractInterface;
  readonly publishHeight: number;
}

export interface InterfaceFunction {
  name: string;
  access: "private" | "public" | "read_only";
  args: { name: string; type: AbiType }[];
  outputs: { type: AbiType };
}

export interface ContractInterface {
  functions: InterfaceFunction[];
  variables: { name: string; type: AbiType; access: string }[];
  maps: { name: string; key: AbiType; value: AbiType }[];
  fungible_tokens: { name: string }[];
  non_fungible_tokens: { name: string; type: AbiType }[];
  epoch: string;
  clarity_version: string;
}

export type AbiType =
  | "none"
  | "int128"
  | "uint128"
  | "bool"
  | "principal"
  | "trait_reference"
  | { buffer: { length: number } }
  | { "string-ascii": { length: number } }
  | { "string-utf8": { length: number } }
  | { optional: AbiType }
  | { response: { ok: AbiType; error: AbiType } }
  | { list: { type: AbiType; length: number } }
  | { tuple: { name: string; type: AbiType }[] };

/** A transaction in a block. System transactions (tenure changes, coinbases) have no `decoded`. */
export interface MinedTransaction {
  readonly txid: string;
  readonly raw: string;
  readonly decoded: DecodedTransaction | null;
  readonly status: VmStatus;
  readonly result: string;
  readonly vmError: string | null;
  readonly events: readonly VmEvent[];
  readonly contractInterface: unknown;
}

export interface StacksBlock {
  readonly height: number;
  readonly hash: string;
  /** Index block hash, and the name of the block's state in the VM. */
  readonly id: string;
  readonly parent: StacksBlock | null;
  /** The burn block in which the tenure was elected: gives the consensus hash. */
  readonly tenureBurn: BurnBlock;
  /** The burn block that the miner saw: what `burn-block-height` is in Clarity. */
  readonly burnView: BurnBlock;
  readonly tenureHeight: number;
  readonly time: number;
  readonly minerSignature: string;
  readonly signerSignature: string;
  readonly transactions: readonly MinedTransaction[];
  /** Next nonce by address, after this block. */
  readonly nonces: ReadonlyMap<string, bigint>;
  /** Contracts by id, after this block. */
  readonly contracts: ReadonlyMap<string, Contract>;
}
