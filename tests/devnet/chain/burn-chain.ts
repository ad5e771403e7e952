/** Bitcoin as the Stacks chain sees it: hashes, times and sortitions, no transactions. */
import { CONSENSUS_HASH_HEX_LENGTH, derive } from "../hashes.ts";
import type { BurnBlock } from "./types.ts";

export const SECONDS_PER_BURN_BLOCK = 600;

export class BurnChain {
  #tip: BurnBlock;
  /** Children made so far, by parent: siblings must differ. */
  readonly #children = new Map<BurnBlock, number>();
  readonly #byConsensusHash = new Map<string, BurnBlock>();

  constructor(genesisHeight: number, time: number) {
    this.#tip = {
      height: genesisHeight,
      hash: derive("burn genesis"),
      consensusHash: "0".repeat(CONSENSUS_HASH_HEX_LENGTH),
      parent: null,
      time,
      sortition: false,
    };
    this.#byConsensusHash.set(this.#tip.consensusHash, this.#tip);
  }

  get tip(): BurnBlock {
    return this.#tip;
  }

  /** Makes a block on `parent` and makes it the tip: the caller builds the longer branch. `notBefore`: the Stacks tip's time. */
  extend(parent: BurnBlock, sortition: boolean, notBefore: number): BurnBlock {
    const sibling = this.#children.get(parent) ?? 0;
    this.#children.set(parent, sibling + 1);
    const hash = derive("burn", parent.hash, sibling);
    const block: BurnBlock = {
      height: parent.height + 1,
      hash,
      consensusHash: derive("consensus", parent.consensusHash, hash).slice(0, CONSENSUS_HASH_HEX_LENGTH),
      parent,
      time: Math.max(parent.time, notBefore) + SECONDS_PER_BURN_BLOCK,
      sortition,
    };
    this.#byConsensusHash.set(block.consensusHash, block);
    this.#tip = block;
    return block;
  }

  byConsensusHash(consensusHash: string): BurnBlock | undefined {
    return this.#byConsensusHash.get(consensusHash);
  }

  isCanonical(block: BurnBlock): boolean {
    return this.atHeight(block.height) === block;
  }

  atHeight(height: number): BurnBlock | undefined {
    return burnBlockAtHeight(this.#tip, height);
  }

  byHash(hash: string): BurnBlock | undefined {
    for (let block: BurnBlock | null = this.#tip; block !== null; block = block.parent)
      if (block.hash === hash) return block;
    return undefined;
  }
}

/** The block at this height on the branch of `tip`. */
export function burnBlockAtHeight(tip: BurnBlock, height: number): BurnBlock | undefined {
  let block: BurnBlock | null = tip;
  while (block !== null && block.height > height) block = block.parent;
  return block?.height === height ? block : undefined;
}

/** The newest block with a sortition at or below `block`. */
export function lastSortition(block: BurnBlock): BurnBlock {
  let candidate = block;
  while (!candidate.sortition && candidate.parent !== null) candidate = candidate.parent;
  return candidate;
}
