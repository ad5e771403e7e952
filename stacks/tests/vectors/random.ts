/** Seeded random cases: the same seed gives the same cases on every machine. */
import { ADDRESSES, CONTRACTS, DEVNET_SECRETS, MODES, accounts, conditions, multi, payloads, single } from "./matrix.ts";
import { HASH_MODES } from "./input.ts";
import type { AccountInput, PayloadCase, TransactionInput, ValueInput } from "./input.ts";

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Mulberry32: 32 bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.bits() % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.below(256).toString(16).padStart(2, "0")).join("");
  }

  /** Of up to so many bits, small ones as likely as large ones. */
  number(bits: number): bigint {
    const width = this.below(bits + 1);
    return width === 0 ? 0n : BigInt.asUintN(width, BigInt(`0x${this.hex(16)}`));
  }

  text(alphabet: readonly string[], most: number): string {
    return Array.from({ length: this.below(most + 1) }, () => this.pick(alphabet)).join("");
  }
}

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const UNICODE = [...PRINTABLE, "\n", "é", "ß", "日", "本", "🙂", "\u{10FFFF}", "\u0000", "\u202e"];
/**
 * The library sorts tuple fields by locale, nodes by bytes; for lower-case letters both agree. Where they do not,
 * a Rust test holds ours to the nodes' order.
 */
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];

function name(random: Random, most: number): string {
  return random.pick(LETTERS) + random.text(LETTERS, most - 1);
}

export function randomValue(random: Random, depth: number): ValueInput {
  const leaf = depth <= 0;
  switch (random.below(leaf ? 8 : 13)) {
    case 0:
      return { type: "int", value: BigInt.asIntN(128, random.number(128)).toString() };
    case 1:
      return { type: "uint", value: random.number(128).toString() };
    case 2:
      return { type: "buffer", value: random.hex(random.below(80)) };
    case 3:
      return { type: "bool", value: random.below(2) === 0 };
    case 4:
      return { type: "principal", value: random.pick([...ADDRESSES, ...CONTRACTS]) };
    case 5:
      return { type: "none" };
    case 6:
      return { type: "ascii", value: random.text(PRINTABLE, 64) };
    case 7:
      return { type: "utf8", value: random.text(UNICODE, 40) };
    case 8:
      return { type: "ok", value: randomValue(random, depth - 1) };
    case 9:
      return { type: "err", value: randomValue(random, depth - 1) };
    case 10:
      return { type: "some", value: randomValue(random, depth - 1) };
    case 11: {
      const value = Array.from({ length: random.below(5) }, () => randomValue(random, depth - 1));
      return { type: "list", value };
    }
    default: {
      const fields = Array.from({ length: 1 + random.below(5) }, () => [name(random, 20), randomValue(random, depth - 1)]);
      return { type: "tuple", value: Object.fromEntries(fields) as Record<string, ValueInput> };
    }
  }
}

function randomPayload(random: Random): PayloadCase {
  switch (random.below(4)) {
    case 0:
      return {
        type: "token-transfer",
        recipient: random.pick([...ADDRESSES, ...CONTRACTS]),
        amount: random.number(64).toString(),
        memo: random.text(PRINTABLE, 34),
      };
    case 1:
      return {
        type: "smart-contract",
        clarityVersion: random.pick([null, 1, 2, 3, 4, 5, 6]),
        name: name(random, 40),
        source: random.text([...PRINTABLE, "\n", "\t"], 400),
      };
    case 2:
      return random.pick(payloads());
    default:
      return {
        type: "contract-call",
        contract: random.pick(CONTRACTS),
        function: name(random, 60),
        arguments: Array.from({ length: random.below(6) }, () => randomValue(random, 4)),
      };
  }
}

function randomAccount(random: Random): [AccountInput, AccountInput | null] {
  const secret = `${random.hex(32)}01`;
  switch (random.below(3)) {
    case 0:
      return [single(random.pick(HASH_MODES.single), secret, random.number(64).toString(), random.number(64).toString()), null];
    case 1: {
      const signing = Array.from({ length: 1 + random.below(6) }, () => random.below(2) === 0);
      const required = Math.max(1, signing.filter((signs) => signs).length);
      if (!signing.includes(true)) signing[0] = true;
      return [multi(random.pick(HASH_MODES.multi), required, signing), random.pick([null, single(0, DEVNET_SECRETS[1])])];
    }
    default:
      return random.pick(accounts());
  }
}

export function randomTransaction(random: Random): TransactionInput {
  const payload = randomPayload(random);
  const [origin, sponsor] = randomAccount(random);
  return {
    network: random.pick(["mainnet", "testnet"] as const),
    chainId: random.bits(),
    anchorMode: payload.type === "coinbase" ? 1 : 1 + random.below(3),
    mode: random.pick(MODES),
    conditions: Array.from({ length: random.below(4) }, () => random.pick(conditions())),
    payload,
    origin,
    sponsor,
  };
}
