/** Clarity values as a node prints them: the notation of Clarity's own interpreter. */
import type { ClarityValue } from "@stacks/transactions";

export function clarityText(value: ClarityValue): string {
  switch (value.type) {
    case "uint":
      return `u${value.value}`;
    case "int":
      return String(value.value);
    case "true":
    case "false":
      return value.type;
    case "none":
      return "none";
    case "some":
    case "ok":
    case "err":
      return `(${value.type} ${clarityText(value.value)})`;
    case "address":
    case "contract":
      return value.value;
    case "buffer":
      return `0x${value.value}`;
    case "ascii":
      return JSON.stringify(value.value);
    case "utf8":
      return `u"${[...value.value].map(utf8Text).join("")}"`;
    case "list":
      return `(${value.value.map(clarityText).join(" ")})`;
    case "tuple":
      return `(tuple ${Object.entries(value.value)
        .map(([name, field]) => `(${name} ${clarityText(field)})`)
        .join(" ")})`;
    default:
      throw new Error("a type of Clarity value that no transaction returns");
  }
}

/** Beyond ASCII, a node prints the bytes of UTF-8. */
function utf8Text(character: string): string {
  return character.charCodeAt(0) < 128 ? character : `\\u{${Buffer.from(character).toString("hex")}}`;
}
