/** What a node's decoder refuses in Clarity values, and the one of @stacks/transactions lets pass. */
import { Cl, hexToCV } from "@stacks/transactions";
import type { ClarityValue } from "@stacks/transactions";

/** Printable characters and white space. */
const ASCII = /^[\x20-\x7e\t\n\r]*$/;
const CLARITY_NAME = /^(?:[a-zA-Z](?:[a-zA-Z0-9]|[-_!?+<>=/*])*|[-+=/*]|[<>]=?)$/;
const CONTRACT_NAME = /^[a-zA-Z](?:[a-zA-Z0-9]|[-_])*$/;
const MAX_NAME_LENGTH = 128;

export function isWellFormed(value: ClarityValue): boolean {
  switch (value.type) {
    case "ascii":
      return ASCII.test(value.value);
    case "contract":
      return isName(value.value.split(".")[1] ?? "", CONTRACT_NAME);
    case "some":
    case "ok":
    case "err":
      return isWellFormed(value.value);
    case "list":
      return value.value.every(isWellFormed);
    case "tuple":
      return Object.entries(value.value).every(([name, field]) => isName(name, CLARITY_NAME) && isWellFormed(field));
    default:
      return true;
  }
}

function isName(name: string, pattern: RegExp): boolean {
  return name.length <= MAX_NAME_LENGTH && pattern.test(name);
}

/** Hex, with or without 0x, of exactly one value; throws otherwise. */
export function decodeValue(hex: string): ClarityValue {
  const digits = hex.replace(/^0x/, "").toLowerCase();
  if (!/^(?:[0-9a-f]{2})+$/.test(digits)) throw new TypeError("not hex");
  const value = hexToCV(digits);
  if (Cl.serialize(value) !== digits || !isWellFormed(value)) throw new TypeError("not one Clarity value");
  return value;
}
