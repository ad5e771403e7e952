/** The local chain: accepts transactions, mines blocks, reorganises, and tells the observers. */
import { signWithKey, TenureChangeCause } from "@stacks/transactions";
import { DEVNET_ACCOUNTS, INITIAL_BALANCE, MINER, SIGNER } from "../accounts.ts";
import { derive, indexBlockHash } from "../hashes.ts";
import {
  droppedTransactions,
  genesisBlock,
  newBlock,
  newBurnBlock,
  newMempoolTransaction,
} from "../observer/payloads.ts";
import type { ObserverQueue } from "../observer/queue.ts";
import type { Vm } from "../vm/vm.ts";
import type { VmEvent, VmReceipt } from "../vm/types.ts";
import { checkAdmission, Rejection } from "./admission.ts";
import { BurnChain, lastSortition } from "./burn-chain.ts";
import { Lock } from "./lock.ts";
import { Mempool, nonceAfter } from "./mempool.ts";
import { isAncestor, StacksChain, tenureStart } from "./stacks-chain.ts";
import type { Branch } from "./stacks-chain.ts";
import { coinbase, tenureChange } from "./system-transactions.ts";
import { toVmTransaction } from "./transaction.ts";
import type { DecodedTransaction } from "./transaction.ts";
import type { BurnBlock, Contract, ContractInterface, MinedTransaction, StacksBlock } from "./types.ts";

/** Bitcoin height of block 0. */
export const GENESIS_BURN_HEIGHT = 100;
/** 2026-01-01: the clock starts here in every run. */
export const START_TIME = 1_767_225_600;

/** Where the next block stands, and the transactions that put it there. */
interface Tenure {
  tenureBurn: BurnBlock;
  burnView: BurnBlock;
  transactions: MinedTransaction[];
}

export class Chain {
  readonly burn: BurnChain;
  readonly stacks: StacksChain;
  readonly mempool = new Mempool();
  /** Branches that a reorg abandoned, newest last. */
  readonly abandoned: Branch[] = [];
  readonly vm: Vm;
  /** Seconds by which the time in new blocks is off. */
  clockOffset = 0;
  readonly #observers: ObserverQueue;
  readonly #lock = new Lock();

  private constructor(vm: Vm, observers: ObserverQueue, genesis: StacksBlock, burn: BurnChain) {
    this.vm = vm;
    this.#observers = observers;
    this.burn = burn;
    this.stacks = new StacksChain(genesis);
  }

  /** Announces block 0 and opens the first tenure. */
  static async start(vm: Vm, observers: ObserverQueue): Promise<Chain> {
    const hash = derive("genesis");
    const burn = new BurnChain(GENESIS_BURN_HEIGHT, START_TIME);
    const id = indexBlockHash(hash, burn.tip.consensusHash);
    const balances = DEVNET_ACCOUNTS.map(({ address }): [string, bigint] => [address, INITIAL_BALANCE]);
    const { time } = await vm.request("genesis", { state: id, balances, burnHeight: GENESIS_BURN_HEIGHT });
    const genesis: StacksBlock = {
      height: 0,
      hash,
      id,
      parent: null,
      tenureBurn: burn.tip,
      burnView: burn.tip,
      tenureHeight: 0,
      time,
      minerSignature: "",
      signerSignature: "",
      transactions: [],
      nonces: new Map(),
      contracts: new Map(),
    };
    const chain = new Chain(vm, observers, genesis, burn);
    observers.send("/new_block", genesisBlock(genesis));
    await chain.advanceBurn(1, { mine: true });
    return chain;
  }

  get tip(): StacksBlock {
    return this.stacks.tip;
  }

  balanceOf(principal: string, at: StacksBlock = this.tip): Promise<bigint> {
    return this.vm.request("balance", { state: at.id, principal });
  }

  /** Throws a `Rejection`. Accepting the same transaction again changes nothing. `tip`: where the asked node stands. */
  accept(transaction: DecodedTransaction, tip: StacksBlock = this.tip): Promise<void> {
    return this.#lock.run(async () => {
      if (this.mempool.get(transaction.txid) !== undefined) return;
      await checkAdmission(transaction, { tip, balanceOf: (principal) => this.balanceOf(principal, tip) });
      this.#replaceRivals(transaction, tip);
      this.mempool.add(transaction, tip);
      this.#observers.send("/new_mempool_tx", newMempoolTransaction(transaction.raw));
    });
  }

  /**
   * Drops the transactions that use the same nonces, if the new one pays more than each of them. One that was accepted on a
   * branch which does not count any more goes for any fee (stacks-core, `MemPoolDB::tx_submit`).
   */
  #replaceRivals(transaction: DecodedTransaction, tip: StacksBlock): void {
    const { origin, payer, fee, txid } = transaction;
    const rivals = new Set([origin, payer].flatMap((signer) => this.mempool.withNonce(signer) ?? []));
    const isOnOurFork = (rival: DecodedTransaction): boolean => {
      const acceptedAt = this.mempool.acceptedAt(rival.txid);
      return acceptedAt === undefined || isAncestor(acceptedAt, tip) || isAncestor(tip, acceptedAt);
    };
    for (const rival of rivals)
      if (fee <= rival.fee && isOnOurFork(rival)) throw new Rejection("ConflictingNonceInMempool");
    for (const rival of rivals) {
      const reason = fee > rival.fee ? "ReplaceByFee" : "ReplaceAcrossFork";
      this.mempool.delete(rival.txid);
      this.#observers.send("/drop_mempool_tx", droppedTransactions([rival.txid], reason, txid));
    }
  }

  /** Stacks blocks under the present burn block. */
  mine(count: number): Promise<StacksBlock[]> {
    return this.#progress(() => this.#mineMany(count));
  }

  /** One Stacks block of a miner who knows exactly these transactions. */
  mineChosen(txids: readonly string[]): Promise<StacksBlock> {
    return this.#progress(() => this.#mineOne((tip) => this.mempool.chosenFor(tip, txids)));
  }

  /** Bitcoin blocks, each with a sortition (or none), each followed by a Stacks block (or none). */
  advanceBurn(
    count: number,
    { mine, sortition = true, announce = true }: { mine: boolean; sortition?: boolean; announce?: boolean },
  ): Promise<StacksBlock[]> {
    return this.#progress(async () => {
      const blocks: StacksBlock[] = [];
      for (let index = 0; index < count; index++) {
        this.#extendBurn(this.burn.tip, sortition, announce);
        if (mine) blocks.push(await this.#mineOne());
      }
      return blocks;
    });
  }

  /**
   * A Bitcoin reorg: the burn block of the tenure in which the block `depth` below the tip lies leaves the chain, and all
   * that was built on it. The new Bitcoin branch is one block longer; its last block elects the next tenure.
   * Transactions of the dropped blocks are in the mempool still: those that `keep` refuses are forgotten.
   */
  forkBurn(
    depth: number,
    build: number,
    keep: (txid: string) => boolean,
  ): Promise<{ orphaned: StacksBlock[]; built: StacksBlock[] }> {
    return this.#progress(async () => {
      const oldTip = this.tip;
      const lowest = this.#canonicalBlock(oldTip.height - depth + 1);
      const first = tenureStart(lowest);
      const ancestor = first.parent;
      const branchPoint = first.tenureBurn.parent;
      if (ancestor === null || branchPoint === null) throw new RangeError("the first block cannot be dropped");
      const orphaned = this.#abandon(oldTip, ancestor, keep);
      this.#outgrow(branchPoint, this.burn.tip.height);
      return { orphaned, built: await this.#mineMany(build) };
    });
  }

  /** A sibling branch under the same Bitcoin blocks: longer than the dropped one, so that it wins. */
  forkSiblings(
    depth: number,
    build: number,
    keep: (txid: string) => boolean,
  ): Promise<{ orphaned: StacksBlock[]; built: StacksBlock[] }> {
    return this.#progress(async () => {
      const oldTip = this.tip;
      if (build <= depth) throw new RangeError(`a branch of ${build} blocks does not win over one of ${depth}`);
      const ancestor = this.#canonicalBlock(oldTip.height - depth + 1).parent;
      if (ancestor === null) throw new RangeError("the first block cannot be dropped");
      const orphaned = this.#abandon(oldTip, ancestor, keep);
      return { orphaned, built: await this.#mineMany(build) };
    });
  }

  /**
   * The branch that was abandoned last wins again. As with a real node nothing of it is announced a second time: only the
   * Bitcoin blocks that made it longer, and the next block, whose parent was orphaned.
   */
  flip(build: number): Promise<{ tip: StacksBlock; built: StacksBlock[] }> {
    return this.#progress(async () => {
      const branch = this.abandoned.pop();
      if (branch === undefined) throw new RangeError("no branch was abandoned");
      const loser = this.tip;
      this.abandoned.push({ tip: loser, burnTip: this.burn.tip });
      this.stacks.moveTo(branch.tip);
      if (!this.burn.isCanonical(branch.burnTip)) this.#outgrow(branch.burnTip, this.burn.tip.height);
      return { tip: branch.tip, built: await this.#mineMany(build) };
    });
  }

  /** New blocks wait for the observers, as in a node whose event queue is full; everything else goes on. */
  async #progress<T>(action: () => Promise<T>): Promise<T> {
    await this.#observers.accepting();
    return this.#lock.run(action);
  }

  #canonicalBlock(height: number): StacksBlock {
    const block = height > 0 ? this.stacks.atHeight(height) : undefined;
    if (block === undefined) throw new RangeError(`no block at height ${height}`);
    return block;
  }

  #abandon(oldTip: StacksBlock, ancestor: StacksBlock, keep: (txid: string) => boolean): StacksBlock[] {
    const orphaned: StacksBlock[] = [];
    for (let block = oldTip; block !== ancestor; block = block.parent as StacksBlock) orphaned.unshift(block);
    for (const { txid, decoded } of orphaned.flatMap(({ transactions }) => transactions)) {
      if (decoded === null) continue;
      if (keep(txid)) this.mempool.add(decoded, ancestor);
      else this.mempool.delete(txid);
    }
    this.abandoned.push({ tip: oldTip, burnTip: this.burn.tip });
    this.stacks.moveTo(ancestor);
    return orphaned;
  }

  /** Bitcoin follows the longer branch: builds on `branch` until it is higher than `height`; the last block elects a miner. */
  #outgrow(branch: BurnBlock, height: number): void {
    let burn = branch;
    while (burn.height <= height) burn = this.#extendBurn(burn, burn.height === height, true);
  }

  #extendBurn(parent: BurnBlock, sortition: boolean, announce: boolean): BurnBlock {
    const block = this.burn.extend(parent, sortition, this.tip.time);
    if (announce) this.#observers.send("/new_burn_block", newBurnBlock(block));
    return block;
  }

  async #mineMany(count: number): Promise<StacksBlock[]> {
    const blocks: StacksBlock[] = [];
    for (let index = 0; index < count; index++) blocks.push(await this.#mineOne());
    return blocks;
  }

  /** Leaves out transactions whose payer ran dry, and with them those whose nonces no longer connect. */
  async #mineOne(
    select = (tip: StacksBlock, unpayable: ReadonlySet<string>): readonly DecodedTransaction[] =>
      this.mempool.selectFor(tip, unpayable),
  ): Promise<StacksBlock> {
    const parent = this.tip;
    const tenure = this.#tenureTransactions(parent, this.burn.tip);
    const unpayable = new Set<string>();
    for (;;) {
      const candidates = select(parent, unpayable).filter(({ txid }) => !unpayable.has(txid));
      const hash = blockHash(parent, this.stacks.childrenOf(parent), tenure, candidates);
      const id = indexBlockHash(hash, tenure.tenureBurn.consensusHash);
      const { receipts, time } = await this.vm.request("mine", {
        parent: parent.id,
        state: id,
        block: {
          burnBlocks: tenure.burnView.height - parent.burnView.height,
          transactions: candidates.map(toVmTransaction),
        },
      });
      candidates.forEach(({ txid }, index) => receipts[index]?.status === "unpayable" && unpayable.add(txid));
      if (candidates.some(({ txid }) => unpayable.has(txid))) continue;
      const mined = candidates.map((candidate, index) => minedTransaction(candidate, receipts[index] as VmReceipt));
      return this.#publish(parent, tenure, hash, Math.max(parent.time + 1, time + this.clockOffset), [...tenure.transactions, ...mined]);
    }
  }

  #publish(
    parent: StacksBlock,
    { tenureBurn, burnView }: Tenure,
    hash: string,
    time: number,
    transactions: MinedTransaction[],
  ): StacksBlock {
    const block: StacksBlock = {
      height: parent.height + 1,
      hash,
      id: indexBlockHash(hash, tenureBurn.consensusHash),
      parent,
      tenureBurn,
      burnView,
      tenureHeight: parent.tenureHeight + (tenureBurn === parent.tenureBurn ? 0 : 1),
      time,
      minerSignature: signWithKey(MINER.privateKey, hash),
      signerSignature: signWithKey(SIGNER.privateKey, hash),
      transactions,
      nonces: noncesAfter(parent, transactions),
      contracts: contractsAfter(parent, transactions),
    };
    this.stacks.append(block);
    this.#observers.send("/new_block", newBlock(block));
    return block;
  }

  /** A new election opens a tenure; a later burn block alone extends the running one. */
  #tenureTransactions(parent: StacksBlock, burnTip: BurnBlock): Tenure {
    const elected = lastSortition(burnTip);
    const blocksSoFar = parent.height - tenureStart(parent).height + 1;
    const nonce = nonceAfter(parent.nonces, MINER.address);
    if (elected.height > parent.tenureBurn.height) {
      const change = tenureChange(parent, elected, elected, blocksSoFar, TenureChangeCause.BlockFound, nonce);
      return { tenureBurn: elected, burnView: elected, transactions: [change, coinbase(elected, nonce + 1n)] };
    }
    const { tenureBurn, burnView } = parent;
    if (burnTip === burnView) return { tenureBurn, burnView, transactions: [] };
    const extension = tenureChange(parent, tenureBurn, burnTip, blocksSoFar, TenureChangeCause.Extended, nonce);
    return { tenureBurn, burnView: burnTip, transactions: [extension] };
  }
}

/** `siblings`: blocks that the parent has already; they must differ from the new one. */
function blockHash(
  parent: StacksBlock,
  siblings: number,
  { tenureBurn, burnView, transactions }: Tenure,
  candidates: readonly DecodedTransaction[],
): string {
  const txids = [...transactions, ...candidates].map(({ txid }) => txid);
  return derive("block", parent.id, siblings, tenureBurn.consensusHash, burnView.consensusHash, ...txids);
}

function minedTransaction(decoded: DecodedTransaction, receipt: VmReceipt): MinedTransaction {
  const { status, result, error, events, contractInterface } = receipt;
  if (status === "unpayable") throw new Error("an unpayable transaction must be left out");
  const { txid, raw } = decoded;
  return { txid, raw, decoded, status, result, vmError: error, events: withMemo(decoded, events), contractInterface };
}

/** The VM knows no memo of a token transfer. */
function withMemo(decoded: DecodedTransaction, events: readonly VmEvent[]): readonly VmEvent[] {
  const { action } = toVmTransaction(decoded);
  if (action.kind !== "transfer") return events;
  return events.map(({ event, data }) => ({ event, data: { ...data, memo: action.memo } }));
}

function noncesAfter(parent: StacksBlock, transactions: readonly MinedTransaction[]): Map<string, bigint> {
  const nonces = new Map(parent.nonces);
  const advance = (address: string): void => void nonces.set(address, nonceAfter(nonces, address) + 1n);
  for (const { decoded } of transactions) {
    advance(decoded === null ? MINER.address : decoded.origin.address);
    if (decoded?.sponsored === true) advance(decoded.payer.address);
  }
  return nonces;
}

function contractsAfter(parent: StacksBlock, transactions: readonly MinedTransaction[]): ReadonlyMap<string, Contract> {
  const deployed = transactions.flatMap(({ decoded, status, contractInterface }): Contract[] => {
    if (decoded === null || status !== "success" || contractInterface === null) return [];
    const { action } = toVmTransaction(decoded);
    if (action.kind !== "deploy") return [];
    const id = `${decoded.origin.address}.${action.name}`;
    return [
      {
        id,
        source: action.source,
        interface: contractInterface as ContractInterface,
        publishHeight: parent.height + 1,
      },
    ];
  });
  return deployed.length === 0
    ? parent.contracts
    : new Map([...parent.contracts, ...deployed.map((contract): [string, Contract] => [contract.id, contract])]);
}
