/** Every mutant of the contracts: one small mistake that somebody could have made, at one place. */
import { type Expression, headOf, type List, textOf, walk } from "../source/clarity.ts";
import { type Contract, type ContractName, CONTRACTS, readContract } from "../source/contract.ts";

export const OPERATORS = [
  "boundary", // < for <=
  "comparison", // the opposite, or another truth
  "arithmetic", // + for -
  "dropped assert",
  "dropped effect", // nothing written or printed
  "swapped field", // of a tuple
  "swapped argument",
  "constant", // one more, one less; true for false
  "error", // another of the contract's codes
  "order of checks",
] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Mutant {
  /** `contract:declaration:operator:n`, n counting from 1 in the declaration: it survives edits elsewhere. */
  id: string;
  contract: ContractName;
  operator: Operator;
  line: number;
  before: string;
  after: string;
  /** The contract's source with the mistake in it. */
  source: string;
}

interface Change {
  operator: Operator;
  start: number;
  end: number;
  after: string;
}

type Rule = (list: List, contract: Contract) => Change[];

const BOUNDARIES: Record<string, string> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const OPPOSITES: Record<string, string> = {
  "<": ">=", "<=": ">", ">": "<=", ">=": "<", and: "or", or: "and", "is-some": "is-none", "is-none": "is-some",
};
const EFFECTS = ["map-set", "map-delete", "var-set", "print"];
/** Whose arguments can change places without a change of meaning, or never have the same type. */
const UNSWAPPABLE = [
  "+", "is-eq", "and", "or", "let", "begin", "get", "asserts!", "unwrap!", "default-to", "match", "fold", "map-get?", "map-set",
  "map-insert", "map-delete", "var-set", "restrict-assets?", "as-contract?",
];

const replaced = (operator: Operator, { start, end }: { start: number; end: number }, after: string): Change => ({ operator, start, end, after });

/** Two neighbours change places. */
function swapped(operator: Operator, source: string, first: Expression, second: Expression): Change {
  const text = ({ start, end }: Expression) => source.slice(start, end);
  const between = source.slice(first.end, second.start);
  return { operator, start: first.start, end: second.end, after: `${text(second)}${between}${text(first)}` };
}

const RULES: Rule[] = [
  (list) => {
    const [head] = list.items;
    const [near, opposite] = [BOUNDARIES[headOf(list) ?? ""], OPPOSITES[headOf(list) ?? ""]];
    if (head === undefined) return [];
    return [
      ...(near === undefined ? [] : [replaced("boundary", head, near)]),
      ...(opposite === undefined ? [] : [replaced("comparison", head, opposite)]),
    ];
  },
  (list, { source }) => {
    if (headOf(list) === "is-eq") return [replaced("comparison", list, `(not ${source.slice(list.start, list.end)})`)];
    const inner = list.items[1];
    return headOf(list) === "not" && inner !== undefined ? [replaced("comparison", list, source.slice(inner.start, inner.end))] : [];
  },
  (list) => {
    const [head] = list.items;
    const name = headOf(list);
    return head !== undefined && (name === "+" || name === "-") ? [replaced("arithmetic", head, name === "+" ? "-" : "+")] : [];
  },
  (list) => (headOf(list) === "asserts!" ? [replaced("dropped assert", list, "true")] : []),
  (list) => (EFFECTS.includes(headOf(list) ?? "") ? [replaced("dropped effect", list, "true")] : []),
  (list, { source }) => {
    if (list.open !== "{") return [];
    const values = list.items.filter((_, index) => index % 2 === 1);
    return values.slice(1).map((value, index) => swapped("swapped field", source, values[index] ?? value, value));
  },
  (list, { source }) => {
    const head = headOf(list);
    if (head === undefined || UNSWAPPABLE.includes(head) || head.startsWith("define-")) return [];
    const values = list.items.slice(head === "contract-call?" ? 3 : 1);
    return values.slice(1).map((value, index) => swapped("swapped argument", source, values[index] ?? value, value));
  },
  (list, { errors }) =>
    list.items.flatMap((item) => {
      if (item.kind !== "atom") return [];
      if (item.text === "true" || item.text === "false") return [replaced("constant", item, item.text === "true" ? "false" : "true")];
      if (/^u\d+$/.test(item.text)) {
        const number = BigInt(item.text.slice(1));
        const near = number === 0n ? [number + 1n] : [number + 1n, number - 1n];
        return near.filter((one) => one < 2n ** 128n).map((one) => replaced("constant", item, `u${one}`));
      }
      const names = [...errors.keys()];
      const place = names.indexOf(item.text);
      return place < 0 || headOf(list) === "define-constant" ? [] : [replaced("error", item, names[(place + 1) % names.length] ?? "")];
    }),
  (list, { source }) =>
    list.items.slice(1).flatMap((item, index) => {
      const before = list.items[index];
      return headOf(item) === "asserts!" && headOf(before) === "asserts!" && before !== undefined
        ? [swapped("order of checks", source, before, item)]
        : [];
    }),
];

export function mutantsOf(contract: Contract): Mutant[] {
  const counts = new Map<string, number>();
  return contract.expressions.flatMap((expression) => {
    const declaration = nameOf(expression);
    // Types hold no behaviour: signatures, and what maps are made of.
    const mutable = headOf(expression) === "define-map" ? [] : expression.items.slice(2);
    const lists = [expression, ...mutable.flatMap((item) => [...walk(item)])].filter((one): one is List => one.kind === "list");
    const changes = lists.flatMap((list) => (list === expression && !/^define-(constant|data-var)$/.test(headOf(expression) ?? "")
      ? []
      : RULES.flatMap((rule) => rule(list, contract))))
      // Two neighbours can be the same.
      .filter(({ start, end, after }) => contract.source.slice(start, end) !== after);
    return changes.map(({ operator, start, end, after }) => {
      const counted = `${contract.name}:${declaration}:${operator}`;
      const ordinal = (counts.get(counted) ?? 0) + 1;
      counts.set(counted, ordinal);
      return {
        id: `${counted}:${ordinal}`,
        contract: contract.name,
        operator,
        line: contract.source.slice(0, start).split("\n").length,
        before: oneLine(contract.source.slice(start, end)),
        after: oneLine(after),
        source: contract.source.slice(0, start) + after + contract.source.slice(end),
      };
    });
  });
}

export const allMutants = (): Mutant[] => CONTRACTS.flatMap((name) => mutantsOf(readContract(name)));

const oneLine = (text: string): string => text.replace(/\s*;;[^\n]*/g, "").replace(/\s+/g, " ");

function nameOf({ items }: List): string {
  const named = items[1];
  return (named?.kind === "list" ? textOf(named.items[0]) : textOf(named)) ?? "";
}
