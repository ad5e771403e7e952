/** Messages between the chain and the worker that holds the Clarity VM. */
import type { PostConditionMode, PostConditionWire } from "@stacks/transactions";

/** What a transaction does in the VM once its fee is paid. */
export type VmAction =
  | { kind: "transfer"; recipient: string; amount: bigint; memo: string }
  | { kind: "call"; contract: string; function: string; arguments: Uint8Array[] }
  | { kind: "deploy"; name: string; source: string; clarityVersion: number | undefined };

export interface VmTransaction {
  txid: string;
  /** The origin: tx-sender of the action. */
  origin: string;
  /** Who pays the fee: the origin or the sponsor. */
  payer: string;
  /** At least 1: the fee floor is 1 uSTX per byte. */
  fee: bigint;
  action: VmAction;
  postConditions: PostConditionWire[];
  postConditionMode: PostConditionMode;
}

/** One step of the VM: burn blocks first, then one Stacks block with these transactions. */
export interface VmBlock {
  /** Bitcoin blocks since the parent state. */
  burnBlocks: number;
  transactions: VmTransaction[];
}

/** An event as the VM reports it: `event` is e.g. "print_event", `data` its fields. */
export interface VmEvent {
  event: string;
  data: Record<string, unknown>;
}

export type VmStatus = "success" | "abort_by_response" | "abort_by_post_condition";

export interface VmReceipt {
  /** `unpayable`: the fee or the transferred amount is not there; a node leaves such a transaction out of its block. */
  status: VmStatus | "unpayable";
  /** Consensus bytes of the result, hex with 0x. */
  result: string;
  error: string | null;
  events: VmEvent[];
  /** Interface of the contract that this transaction deployed. */
  contractInterface: unknown;
}

export interface VmBlockResult {
  receipts: VmReceipt[];
  /** Seconds since 1970, as Clarity's `stacks-block-time` saw it. */
  time: number;
}

export type ReadResult = { okay: true; result: string } | { okay: false; cause: string };

/** Requests by method name: [arguments, answer]. `state` names the block at which to read. */
export interface VmRequests {
  genesis: [{ state: string; balances: [string, bigint][]; burnHeight: number }, { time: number }];
  mine: [{ parent: string; state: string; block: VmBlock }, VmBlockResult];
  callRead: [
    { state: string; contract: string; function: string; arguments: Uint8Array[]; sender: string },
    ReadResult,
  ];
  mapEntry: [{ state: string; contract: string; map: string; key: Uint8Array }, string | null];
  dataVar: [{ state: string; contract: string; variable: string }, string | null];
  evaluate: [{ state: string; snippet: string }, string | null];
  balance: [{ state: string; principal: string }, bigint];
}

export type VmMethod = keyof VmRequests;
