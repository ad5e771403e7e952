/** Reads Clarity source as nested expressions that know where they stand. */

export interface Atom {
  kind: "atom";
  text: string;
  start: number;
  end: number;
}

/** `( .. )`, or a tuple `{ .. }`, whose keys keep their colon. */
export interface List {
  kind: "list";
  open: "(" | "{";
  items: Expression[];
  start: number;
  end: number;
}

export type Expression = Atom | List;

/** Comments, blanks and commas; strings with a backslash before what would end them; parentheses; anything else. */
const TOKEN = /;;[^\n]*|[\s,]+|u?"(?:[^"\\]|\\.)*"|[(){}]|[^\s,(){}"]+/gy;

/** All top-level expressions of a source. */
export function parse(source: string): List[] {
  const top: Expression[] = [];
  const open: List[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const start = TOKEN.lastIndex;
    const text = TOKEN.exec(source)?.[0];
    if (text === undefined) throw new Error(`no Clarity at offset ${start}`);
    if (text.startsWith(";;") || /^[\s,]/.test(text)) continue;
    const end = start + text.length;
    const place = open.at(-1)?.items ?? top;
    if (text === "(" || text === "{") {
      const list: List = { kind: "list", open: text, items: [], start, end };
      place.push(list);
      open.push(list);
    } else if (text === ")" || text === "}") {
      const list = open.pop();
      if (list === undefined || (list.open === "(") !== (text === ")")) throw new Error(`unbalanced ${text} at offset ${start}`);
      list.end = end;
    } else {
      place.push({ kind: "atom", text, start, end });
    }
  }
  if (open.length > 0) throw new Error("a parenthesis is not closed");
  return top.map((expression) => {
    if (expression.kind === "atom") throw new Error(`${expression.text} stands alone`);
    return expression;
  });
}

/** The text of an atom, or nothing for a list. */
export const textOf = (expression: Expression | undefined): string | undefined =>
  expression?.kind === "atom" ? expression.text : undefined;

/** What a list starts with, as `define-public` or `asserts!`. */
export const headOf = (expression: Expression | undefined): string | undefined =>
  expression?.kind === "list" && expression.open === "(" ? textOf(expression.items[0]) : undefined;

/** Every expression in and below this one, in the order of the source. */
export function* walk(expression: Expression): Generator<Expression> {
  yield expression;
  if (expression.kind === "list") for (const item of expression.items) yield* walk(item);
}

/** The comment lines directly above an offset, without their semicolons. */
export function commentAbove(source: string, offset: number): string {
  const lines = source.slice(0, offset).split("\n").slice(0, -1);
  const comment: string[] = [];
  for (let line = lines.pop(); line?.startsWith(";; "); line = lines.pop()) comment.unshift(line.slice(3));
  return comment.join(" ");
}
