/** The tree of Stacks blocks, and which of its branches is the chain. */
import type { BurnBlock, StacksBlock } from "./types.ts";

/** A branch that a reorg abandoned. */
export interface Branch {
  /** Its highest block. */
  readonly tip: StacksBlock;
  /** Bitcoin's tip when the branch was abandoned. */
  readonly burnTip: BurnBlock;
}

/** Where a transaction was mined. */
export interface Inclusion {
  readonly block: StacksBlock;
  readonly index: number;
}

export class StacksChain {
  #tip: StacksBlock;
  /** Canonical block ids by height. */
  #canonical: StacksBlock[];
  readonly #byId = new Map<string, StacksBlock>();
  readonly #children = new Map<StacksBlock, number>();
  readonly #inclusions = new Map<string, Inclusion>();

  constructor(genesis: StacksBlock) {
    this.#tip = genesis;
    this.#canonical = [genesis];
    this.#byId.set(genesis.id, genesis);
  }

  get tip(): StacksBlock {
    return this.#tip;
  }

  byId(id: string): StacksBlock | undefined {
    return this.#byId.get(id);
  }

  atHeight(height: number): StacksBlock | undefined {
    return this.#canonical[height];
  }

  isCanonical(block: StacksBlock): boolean {
    return this.#canonical[block.height] === block;
  }

  childrenOf(block: StacksBlock): number {
    return this.#children.get(block) ?? 0;
  }

  /** Adds a block on its parent and makes it the tip. */
  append(block: StacksBlock): void {
    this.#byId.set(block.id, block);
    if (block.parent !== null) this.#children.set(block.parent, this.childrenOf(block.parent) + 1);
    block.transactions.forEach(({ txid }, index) => {
      if (!this.#inclusions.has(txid)) this.#inclusions.set(txid, { block, index });
    });
    this.moveTo(block);
  }

  /** Makes any known block the tip. */
  moveTo(tip: StacksBlock): void {
    this.#canonical.length = Math.min(this.#canonical.length, tip.height + 1);
    for (
      let block: StacksBlock | null = tip;
      block !== null && this.#canonical[block.height] !== block;
      block = block.parent
    ) {
      this.#canonical[block.height] = block;
    }
    this.#tip = tip;
  }

  /** The first place in which a transaction was mined, canonical or not: all that a node's transaction index knows. */
  firstInclusion(txid: string): Inclusion | undefined {
    return this.#inclusions.get(txid);
  }
}

/** Whether `block` is `tip`, or one that it was built on. */
export function isAncestor(block: StacksBlock, tip: StacksBlock): boolean {
  let candidate: StacksBlock | null = tip;
  while (candidate !== null && candidate.height > block.height) candidate = candidate.parent;
  return candidate === block;
}

/** The first block of the tenure that `block` belongs to. */
export function tenureStart(block: StacksBlock): StacksBlock {
  let start = block;
  while (start.parent !== null && start.parent.tenureBurn === block.tenureBurn) start = start.parent;
  return start;
}
