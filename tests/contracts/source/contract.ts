/** What a contract's source declares: its functions, its error codes, and which of them a call can end in. */
import { readFileSync } from "node:fs";
import { commentAbove, type Expression, headOf, type List, parse, textOf, walk } from "./clarity.ts";

/** The contracts that are deployed, in the order of their dependencies. */
export const CONTRACTS = ["recoup-core", "recoup-subscriptions", "recoup-reserve"] as const;
export type ContractName = (typeof CONTRACTS)[number];

export interface Declared {
  name: string;
  access: "public" | "private" | "read-only";
  comment: string;
  /** As written, without line breaks: `(cancel-invoice (invoice-id uint))`. */
  signature: string;
  parameters: string[];
  body: Expression[];
  expression: List;
}

export interface ErrorCode {
  contract: ContractName;
  name: string;
  code: number;
  comment: string;
}

export interface Contract {
  name: ContractName;
  source: string;
  expressions: List[];
  functions: ReadonlyMap<string, Declared>;
  errors: ReadonlyMap<string, ErrorCode>;
}

export const pathOf = (name: ContractName): string => `contracts/${name}.clar`;

export function readContract(name: ContractName, source = readFileSync(pathOf(name), "utf8")): Contract {
  const expressions = parse(source);
  const functions = expressions.flatMap((expression) => declaredBy(source, expression) ?? []);
  const errors = expressions.flatMap((expression) => errorOf(name, source, expression) ?? []);
  return {
    name,
    source,
    expressions,
    functions: new Map(functions.map((declared) => [declared.name, declared])),
    errors: new Map(errors.map((error) => [error.name, error])),
  };
}

export const readContracts = (): ReadonlyMap<ContractName, Contract> =>
  new Map(CONTRACTS.map((name) => [name, readContract(name)]));

function declaredBy(source: string, expression: List): Declared | undefined {
  const access = /^define-(public|private|read-only)$/.exec(headOf(expression) ?? "")?.[1];
  const signature = expression.items[1];
  if (access === undefined || signature?.kind !== "list") return undefined;
  return {
    name: textOf(signature.items[0]) ?? "",
    access: access as Declared["access"],
    comment: commentAbove(source, expression.start),
    signature: source
      .slice(signature.start, signature.end)
      .replace(/\s+/g, " ")
      .replace(/,? ([)}])/g, "$1")
      .replace(/([({]) /g, "$1"),
    parameters: signature.items.slice(1).map((parameter) => (parameter.kind === "list" ? (textOf(parameter.items[0]) ?? "") : "")),
    body: expression.items.slice(2),
    expression,
  };
}

function errorOf(contract: ContractName, source: string, expression: List): ErrorCode | undefined {
  const name = textOf(expression.items[1]);
  const value = expression.items[2];
  if (headOf(expression) !== "define-constant" || name === undefined || headOf(value) !== "err" || value?.kind !== "list") {
    return undefined;
  }
  const code = Number(textOf(value.items[1])?.slice(1));
  return { contract, name, code, comment: commentAbove(source, expression.start) };
}

/** What a call of a function can lead to, each once, in the order in which the source comes to it. */
export interface Reach {
  errors: ErrorCode[];
  events: string[];
}

/** Follows the calls from one function, into other contracts too. What no argument can lead to is counted as well. */
export function reachOf(contracts: ReadonlyMap<ContractName, Contract>, contract: ContractName, name: string): Reach {
  const errors = new Map<number, ErrorCode>();
  const events = new Set<string>();
  const visited = new Set<string>();
  const visit = (where: Contract, functionName: string): void => {
    const declared = where.functions.get(functionName);
    if (declared === undefined || visited.has(`${where.name} ${functionName}`)) return;
    visited.add(`${where.name} ${functionName}`);
    for (const expression of declared.body.flatMap((part) => [...walk(part)])) {
      if (expression.kind === "atom") {
        const error = where.errors.get(expression.text);
        if (error !== undefined && !errors.has(error.code)) errors.set(error.code, error);
        continue;
      }
      const event = eventIn(expression);
      if (event !== undefined) events.add(event);
      const called = calledBy(contracts, where, expression);
      if (called !== undefined) visit(...called);
    }
  };
  visit(contractOf(contracts, contract), name);
  return { errors: [...errors.values()], events: [...events] };
}

function calledBy(contracts: ReadonlyMap<ContractName, Contract>, where: Contract, list: List): [Contract, string] | undefined {
  const head = headOf(list);
  if (head === undefined) return undefined;
  const [, first, second] = list.items.map(textOf);
  if (head === "contract-call?") {
    const other = contracts.get(first?.slice(1) as ContractName);
    return other === undefined || second === undefined ? undefined : [other, second];
  }
  return [where, head === "fold" || head === "map" || head === "filter" ? (first ?? "") : head];
}

/** The name in `event: "name"` of a tuple. */
function eventIn(list: List): string | undefined {
  const key = list.items.findIndex((item) => textOf(item) === "event:");
  return list.open === "{" && key >= 0 ? textOf(list.items[key + 1])?.slice(1, -1) : undefined;
}

export function contractOf(contracts: ReadonlyMap<ContractName, Contract>, name: ContractName): Contract {
  const contract = contracts.get(name);
  if (contract === undefined) throw new Error(`there is no contract ${name}`);
  return contract;
}
