/**
 * Transactions that were accepted. As in a node, an entry stays after it was mined: a reorg makes it pending again, and a
 * replacement by fee can still drop it.
 */
import type { DecodedTransaction, Signer } from "./transaction.ts";
import type { StacksBlock } from "./types.ts";

interface Entry {
  readonly transaction: DecodedTransaction;
  /** The tip at which it was accepted. */
  readonly acceptedAt: StacksBlock;
}

export class Mempool {
  /** By txid, in order of arrival. */
  readonly #entries = new Map<string, Entry>();
  /** Whatever was accepted once: another node of the network may have it still. */
  readonly #everSeen = new Map<string, DecodedTransaction>();
  /** What miners ask for at the least, in uSTX; cheaper ones wait. */
  minimumFee = 0n;

  /** An entry that comes back after a reorg keeps the tip at which it was accepted first. */
  add(transaction: DecodedTransaction, tip: StacksBlock): void {
    const { txid } = transaction;
    this.#entries.set(txid, { transaction, acceptedAt: this.#entries.get(txid)?.acceptedAt ?? tip });
    this.#everSeen.set(txid, transaction);
  }

  get(txid: string): DecodedTransaction | undefined {
    return this.#entries.get(txid)?.transaction;
  }

  acceptedAt(txid: string): StacksBlock | undefined {
    return this.#entries.get(txid)?.acceptedAt;
  }

  delete(txid: string): void {
    this.#entries.delete(txid);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The entry that uses this account's nonce, as origin or as sponsor. */
  withNonce({ address, nonce }: Signer): DecodedTransaction | undefined {
    for (const { transaction } of this.#entries.values()) {
      const { origin, payer } = transaction;
      if ([origin, payer].some((signer) => signer.address === address && signer.nonce === nonce)) return transaction;
    }
    return undefined;
  }

  /** Entries whose nonces are still free after `tip`. */
  pending(tip: StacksBlock): DecodedTransaction[] {
    return [...this.#entries.values()]
      .map(({ transaction }) => transaction)
      .filter(({ origin, payer }) =>
        [origin, payer].every(({ address, nonce }) => nonce >= nonceAfter(tip.nonces, address)),
      );
  }

  /** What a miner puts into the block after `tip`: in order of arrival, as far as the nonces connect and the fees suffice. */
  selectFor(tip: StacksBlock, unpayable: ReadonlySet<string>): DecodedTransaction[] {
    return inOrder(
      this.pending(tip).filter(({ txid, fee }) => !unpayable.has(txid) && fee >= this.minimumFee),
      tip,
    );
  }

  /** What a miner puts there who knows exactly these, all accepted once: dropped and replaced ones, too. */
  chosenFor(tip: StacksBlock, txids: readonly string[]): DecodedTransaction[] {
    const chosen = txids.map((txid) => {
      const transaction = this.#everSeen.get(txid);
      if (transaction === undefined) throw new RangeError(`transaction ${txid} was never accepted`);
      return transaction;
    });
    const transactions = inOrder(chosen, tip);
    if (transactions.length < chosen.length) throw new RangeError("their nonces do not follow the tip's");
    return transactions;
  }
}

/** As far as the nonces connect, in the order given where they allow it. */
function inOrder(candidates: readonly DecodedTransaction[], tip: StacksBlock): DecodedTransaction[] {
  const nonces = new Map(tip.nonces);
  const transactions: DecodedTransaction[] = [];
  let waiting = candidates;
  for (;;) {
    const rest = waiting.filter((entry) => !take(entry, nonces, transactions));
    if (rest.length === waiting.length) return transactions;
    waiting = rest;
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
