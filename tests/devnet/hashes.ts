/** Hashes of the local chain. Everything is derived from fixed labels, so that two runs give the same ids. */
import { createHash } from "node:crypto";

/** SHA-512/256 of the bytes behind the given hex strings, as hex without 0x. */
export function sha512Half(...hexParts: string[]): string {
  const hash = createHash("sha512-256");
  for (const part of hexParts) hash.update(Buffer.from(part, "hex"));
  return hash.digest("hex");
}

/** 32 pseudo-random bytes (hex) that depend only on the label and the parts. */
export function derive(label: string, ...parts: (string | number)[]): string {
  return createHash("sha512-256")
    .update(JSON.stringify([label, ...parts]))
    .digest("hex");
}

/** Consensus hashes are 20 bytes long. */
export const CONSENSUS_HASH_HEX_LENGTH = 40;

/** Index block hash (Stacks block id): SHA512/256(block hash ++ consensus hash). */
export function indexBlockHash(blockHash: string, consensusHash: string): string {
  return sha512Half(blockHash, consensusHash);
}

export const ZERO_HASH = "0".repeat(64);
