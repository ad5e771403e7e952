/** Does a Clarity value fit a type of a contract interface? With the names that Rust's debug output gives types and values. */
import type { ClarityValue } from "@stacks/transactions";
import type { AbiType } from "./types.ts";

export function fits(value: ClarityValue, type: AbiType): boolean {
  if (typeof type === "string") return fitsAtom(value, type);
  if ("buffer" in type) return value.type === "buffer" && value.value.length / 2 <= type.buffer.length;
  if ("string-ascii" in type) return value.type === "ascii" && value.value.length <= type["string-ascii"].length;
  if ("string-utf8" in type) return value.type === "utf8" && [...value.value].length <= type["string-utf8"].length;
  if ("optional" in type) return value.type === "none" || (value.type === "some" && fits(value.value, type.optional));
  if ("response" in type) {
    return (
      (value.type === "ok" && fits(value.value, type.response.ok)) ||
      (value.type === "err" && fits(value.value, type.response.error))
    );
  }
  if ("list" in type) {
    return (
      value.type === "list" &&
      value.value.length <= type.list.length &&
      value.value.every((item) => fits(item, type.list.type))
    );
  }
  return value.type === "tuple" && fitsTuple(value.value, type.tuple);
}

function fitsAtom(value: ClarityValue, type: string): boolean {
  switch (type) {
    case "uint128":
      return value.type === "uint";
    case "int128":
      return value.type === "int";
    case "bool":
      return value.type === "true" || value.type === "false";
    case "principal":
      return value.type === "address" || value.type === "contract";
    case "trait_reference":
      return value.type === "contract";
    default:
      return false;
  }
}

function fitsTuple(fields: Record<string, ClarityValue>, types: { name: string; type: AbiType }[]): boolean {
  return (
    Object.keys(fields).length === types.length &&
    types.every(({ name, type }) => {
      const field = fields[name];
      return field !== undefined && fits(field, type);
    })
  );
}

export function typeName(type: AbiType): string {
  if (typeof type === "string") {
    const names: Record<string, string> = {
      none: "NoType",
      uint128: "UIntType",
      int128: "IntType",
      bool: "BoolType",
      principal: "PrincipalType",
      trait_reference: "CallableType(Trait(..))",
    };
    return names[type] ?? type;
  }
  if ("buffer" in type) return `SequenceType(BufferType(BufferLength(${type.buffer.length})))`;
  if ("string-ascii" in type) return `SequenceType(StringType(ASCII(BufferLength(${type["string-ascii"].length}))))`;
  if ("string-utf8" in type) return `SequenceType(StringType(UTF8(StringUTF8Length(${type["string-utf8"].length}))))`;
  if ("optional" in type) return `OptionalType(${typeName(type.optional)})`;
  if ("response" in type) return `ResponseType((${typeName(type.response.ok)}, ${typeName(type.response.error)}))`;
  if ("list" in type)
    return `SequenceType(ListType(ListTypeData { max_len: ${type.list.length}, entry_type: ${typeName(type.list.type)} }))`;
  return `TupleType(TupleTypeSignature { ${type.tuple.map(({ name, type: field }) => `"${name}": ${typeName(field)},`).join(" ")} })`;
}

/** The narrowest type of a value. */
export function typeOf(value: ClarityValue): AbiType {
  switch (value.type) {
    case "uint":
      return "uint128";
    case "int":
      return "int128";
    case "true":
    case "false":
      return "bool";
    case "address":
      return "principal";
    case "contract":
      return "principal";
    case "buffer":
      return { buffer: { length: value.value.length / 2 } };
    case "ascii":
      return { "string-ascii": { length: value.value.length } };
    case "utf8":
      return { "string-utf8": { length: [...value.value].length } };
    case "none":
      return { optional: "none" };
    case "some":
      return { optional: typeOf(value.value) };
    case "ok":
      return { response: { ok: typeOf(value.value), error: "none" } };
    case "err":
      return { response: { ok: "none", error: typeOf(value.value) } };
    case "list":
      return {
        list: { type: value.value[0] === undefined ? "none" : typeOf(value.value[0]), length: value.value.length },
      };
    case "tuple":
      return { tuple: Object.entries(value.value).map(([name, field]) => ({ name, type: typeOf(field) })) };
    default:
      throw new Error("a type of Clarity value that does not travel in transactions");
  }
}
