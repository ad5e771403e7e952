/**
 * The chain as the asked node knows it. A healthy node stands at the tip and keeps orphaned blocks; one that lags, or is on
 * another fork, has never heard of any block outside its branch.
 */
import type { Chain } from "../chain/chain.ts";
import { burnBlockAtHeight } from "../chain/burn-chain.ts";
import type { BurnBlock, StacksBlock } from "../chain/types.ts";
import type { Faults } from "../faults.ts";

export interface View {
  readonly tip: StacksBlock;
  readonly burnTip: BurnBlock;
  byId(id: string): StacksBlock | undefined;
  /** On the branch of the tip. */
  atHeight(height: number): StacksBlock | undefined;
  isCanonical(block: StacksBlock): boolean;
  burnAtHeight(height: number): BurnBlock | undefined;
}

export function viewOf(chain: Chain, { lagBlocks, stuckOn }: Faults): View {
  if (stuckOn !== null) return new BranchView(chain, stuckOn.tip, stuckOn.burnTip);
  if (lagBlocks === 0) return new WholeView(chain);
  const tip = chain.stacks.atHeight(Math.max(0, chain.tip.height - lagBlocks)) ?? chain.tip;
  return new BranchView(chain, tip, tip.burnView);
}

class WholeView implements View {
  readonly #chain: Chain;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  get tip(): StacksBlock {
    return this.#chain.tip;
  }

  get burnTip(): BurnBlock {
    return this.#chain.burn.tip;
  }

  byId(id: string): StacksBlock | undefined {
    return this.#chain.stacks.byId(id);
  }

  atHeight(height: number): StacksBlock | undefined {
    return this.#chain.stacks.atHeight(height);
  }

  isCanonical(block: StacksBlock): boolean {
    return this.#chain.stacks.isCanonical(block);
  }

  burnAtHeight(height: number): BurnBlock | undefined {
    return this.#chain.burn.atHeight(height);
  }
}

class BranchView implements View {
  readonly tip: StacksBlock;
  readonly burnTip: BurnBlock;
  readonly #chain: Chain;

  constructor(chain: Chain, tip: StacksBlock, burnTip: BurnBlock) {
    this.#chain = chain;
    this.tip = tip;
    this.burnTip = burnTip;
  }

  byId(id: string): StacksBlock | undefined {
    const block = this.#chain.stacks.byId(id);
    return block !== undefined && this.isCanonical(block) ? block : undefined;
  }

  atHeight(height: number): StacksBlock | undefined {
    let block: StacksBlock | null = this.tip;
    while (block !== null && block.height > height) block = block.parent;
    return block?.height === height ? block : undefined;
  }

  isCanonical(block: StacksBlock): boolean {
    return this.atHeight(block.height) === block;
  }

  burnAtHeight(height: number): BurnBlock | undefined {
    return burnBlockAtHeight(this.burnTip, height);
  }
}
