/**
 * Prints cases made by `@stacks/transactions`, one JSON object a line, for stacks/tests/it/stacks_js.rs.
 *
 *     tsx stacks/tests/vectors/generate.ts SEED COUNT
 *
 * First the whole matrix, then COUNT random values and COUNT random transactions of SEED.
 */
import { getAddressFromPrivateKey, serializeCV } from "@stacks/transactions";
import { makeTransaction, publicKey, toValue } from "./input.ts";
import type { TransactionInput, ValueInput } from "./input.ts";
import { ARGUMENTS, DEVNET_SECRETS, matrix } from "./matrix.ts";
import { Random, randomTransaction, randomValue } from "./random.ts";

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function printValue(value: ValueInput): void {
  print({ kind: "value", value, hex: serializeCV(toValue(value)) });
}

function printTransaction(input: TransactionInput): void {
  print({ kind: "transaction", input, ...makeTransaction(input) });
}

function printAddress(secret: string): void {
  print({
    kind: "address",
    secret,
    publicKey: publicKey(secret),
    mainnet: getAddressFromPrivateKey(secret, "mainnet"),
    testnet: getAddressFromPrivateKey(secret, "testnet"),
  });
}

const [seed, count] = process.argv.slice(2).map(Number);
if (seed === undefined || count === undefined || !Number.isInteger(seed) || !Number.isInteger(count)) {
  process.stderr.write("usage: generate.ts SEED COUNT\n");
  process.exit(2);
}

const random = new Random(seed);
DEVNET_SECRETS.forEach(printAddress);
for (let made = 0; made < 20; made += 1) printAddress(`${random.hex(32)}01`);
Object.values(ARGUMENTS).forEach(printValue);
for (let made = 0; made < count; made += 1) printValue(randomValue(random, 6));
for (const input of matrix()) printTransaction(input);
for (let made = 0; made < count; made += 1) printTransaction(randomTransaction(random));
