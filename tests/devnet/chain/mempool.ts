/**
 * Transactions that were accepted. As in a node, an entry stays after it was mined: a reorg makes it pending again, and a
 * replacement by fee can still drop it.
 */
import type { DecodedTransaction, Signer } from "./transaction.ts";
import type { StacksBlock } from "./types.ts";

export class Mempool {
  /** By txid, in order of arrival. */
  readonly #entries = new Map<string, DecodedTransaction>();

  add(transaction: DecodedTransaction): void {
    this.#entries.set(transaction.txid, transaction);
  }

  get(txid: string): DecodedTransaction | undefined {
    return this.#entries.get(txid);
  }

  delete(txid: string): void {
    this.#entries.delete(txid);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The entry that uses this account's nonce, as origin or as sponsor. */
  withNonce({ address, nonce }: Signer): DecodedTransaction | undefined {
    for (const entry of this.#entries.values()) {
      if ([entry.origin, entry.payer].some((signer) => signer.address === address && signer.nonce === nonce))
        return entry;
    }
    return undefined;
  }

  /** Entries whose nonces are still free after `tip`. */
  pending(tip: StacksBlock): DecodedTransaction[] {
    return [...this.#entries.values()].filter(({ origin, payer }) =>
      [origin, payer].every(({ address, nonce }) => nonce >= nonceAfter(tip.nonces, address)),
    );
  }

  /** What a miner puts into the block after `tip`: in order of arrival, as far as the nonces connect. */
  selectFor(tip: StacksBlock, unpayable: ReadonlySet<string>): DecodedTransaction[] {
    const nonces = new Map(tip.nonces);
    const transactions: DecodedTransaction[] = [];
    let waiting = this.pending(tip).filter(({ txid }) => !unpayable.has(txid));
    for (;;) {
      const rest = waiting.filter((entry) => !take(entry, nonces, transactions));
      if (rest.length === waiting.length) return transactions;
      waiting = rest;
    }
  }
}

export function nonceAfter(nonces: ReadonlyMap<string, bigint>, address: string): bigint {
  return nonces.get(address) ?? 0n;
}

function take(entry: DecodedTransaction, nonces: Map<string, bigint>, into: DecodedTransaction[]): boolean {
  const signers = entry.sponsored ? [entry.origin, entry.payer] : [entry.origin];
  if (signers.some(({ address, nonce }) => nonceAfter(nonces, address) !== nonce)) return false;
  for (const { address, nonce } of signers) nonces.set(address, nonce + 1n);
  into.push(entry);
  return true;
}
