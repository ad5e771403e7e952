/**
 * What the documents repeat of the contracts' sources: signatures, events, errors. It stands between
 * `<!-- generated: .. -->` and `<!-- /generated -->`, and is written by `npm run docs`.
 */
import { readdirSync, readFileSync } from "node:fs";
import {
  type Contract, type ContractName, contractOf, CONTRACTS, type Declared, type ErrorCode, reachOf, readContracts,
} from "../source/contract.ts";
import { isUnreachable } from "./unreachable.ts";

export const OPERATIONS = "docs/operations";
const GENERATED = /(<!-- generated: ([^>]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

/** One page, and the functions that it is about: those of one operation, for STX and for tokens. */
export interface Operation {
  page: string;
  title: string;
  contract: ContractName;
  functions: Declared[];
}

export interface Documented {
  error: ErrorCode;
  /** Where only some of an operation's functions end in it. */
  only: string | null;
}

export class Documents {
  readonly contracts: ReadonlyMap<ContractName, Contract> = readContracts();
  readonly operations: Operation[];

  constructor() {
    const pages = readdirSync(OPERATIONS).filter((page) => page !== "README.md").sort();
    this.operations = pages.map((page) => this.operationOf(page));
  }

  /** The files that hold generated parts. */
  get files(): string[] {
    return ["docs/ERRORS.md", `${OPERATIONS}/README.md`, ...this.operations.map(({ page }) => `${OPERATIONS}/${page}`)];
  }

  /** A file with its generated parts as they should be. */
  render(file: string): string {
    const operation = this.operations.find(({ page }) => `${OPERATIONS}/${page}` === file);
    return readFileSync(file, "utf8").replace(GENERATED, (_, begin: string, directive: string, end: string) =>
      `${begin}${this.block(directive, operation)}\n${end}`);
  }

  /** Every error that a call of this operation can end in, by number. */
  errorsOf({ contract, functions }: Operation): Documented[] {
    const found = new Map<number, { error: ErrorCode; functions: string[] }>();
    for (const { name } of functions) {
      for (const error of reachOf(this.contracts, contract, name).errors) {
        if (isUnreachable(contract, name, error.code)) continue;
        const entry = found.get(error.code) ?? { error, functions: [] };
        found.set(error.code, { error, functions: [...entry.functions, name] });
      }
    }
    return [...found.values()]
      .sort((a, b) => a.error.code - b.error.code)
      .map((entry) => ({ error: entry.error, only: entry.functions.length < functions.length ? entry.functions.join(", ") : null }));
  }

  eventsOf({ contract, functions }: Operation): string[] {
    return [...new Set(functions.flatMap(({ name }) => reachOf(this.contracts, contract, name).events))];
  }

  private operationOf(page: string): Operation {
    const text = readFileSync(`${OPERATIONS}/${page}`, "utf8");
    const [, directive] = /<!-- generated: functions ([^>]+) -->/.exec(text) ?? [];
    const [name, ...functions] = directive?.split(" ") ?? [];
    const title = /^# (.+)$/m.exec(text)?.[1];
    if (name === undefined || title === undefined) throw new Error(`${page} names no title or no functions`);
    const contract = contractOf(this.contracts, name as ContractName);
    return {
      page,
      title,
      contract: contract.name,
      functions: functions.map((one) => {
        const declared = contract.functions.get(one);
        if (declared?.access !== "public") throw new Error(`${page}: ${name} has no public function ${one}`);
        return declared;
      }),
    };
  }

  private block(directive: string, operation: Operation | undefined): string {
    const [kind, argument] = directive.split(" ");
    if (kind === "codes") return this.codes(argument as ContractName);
    if (kind === "index") return this.index();
    if (operation === undefined) throw new Error(`"${directive}" stands in no page of an operation`);
    if (kind === "functions") return signatures(operation);
    if (kind === "events") return this.eventsOf(operation).map((event) => `- [\`${event}\`](../EVENTS.md#${event})`).join("\n");
    if (kind === "errors") return errorTable(this.errorsOf(operation));
    throw new Error(`unknown: generated "${directive}"`);
  }

  private codes(contract: ContractName): string {
    const rows = [...contractOf(this.contracts, contract).errors.values()]
      .filter(({ name, code }) => this.ownerOf(code, name) === contract)
      .map((error) => {
        const operations = this.operations.filter((operation) => this.errorsOf(operation).some((one) => one.error.code === error.code));
        const links = operations.map(({ title, page }) => `[${title}](operations/${page})`).join(", ");
        return `| ${error.code} | \`${error.name}\` | ${error.comment} | ${links} |`;
      });
    return ["| code | name | when | operations |", "|---:|---|---|---|", ...rows].join("\n");
  }

  /** recoup-reserve names one code of recoup-core as its own constant. */
  private ownerOf(code: number, name: string): ContractName | undefined {
    return CONTRACTS.find((contract) => contractOf(this.contracts, contract).errors.get(name)?.code === code);
  }

  private index(): string {
    const rows = CONTRACTS.flatMap((contract) =>
      this.operations
        .filter((operation) => operation.contract === contract)
        .map(({ page, title, functions }) => `| \`${contract}\` | [${title}](${page}) | ${functions.map(({ name }) => `\`${name}\``).join(", ")} |`),
    );
    return ["| contract | operation | functions |", "|---|---|---|", ...rows].join("\n");
  }
}

function signatures({ contract, functions }: Operation): string {
  return [
    `Contract: \`${contract}\``,
    ...functions.map(({ signature, comment }) => `\n\`\`\`clarity\n${wrapped(signature)}\n\`\`\`\n\n${comment}`),
  ].join("\n");
}

/** A signature with one parameter a line. */
function wrapped(signature: string): string {
  let depth = 0;
  return [...signature].map((character, index) => {
    if (character === "(" || character === "{") depth += 1;
    if (character === ")" || character === "}") depth -= 1;
    return character === " " && depth === 1 && signature[index + 1] === "(" ? "\n  " : character;
  }).join("");
}

function errorTable(errors: Documented[]): string {
  const rows = errors.map(({ error, only }) => {
    const limit = only === null ? "" : ` Only \`${only}\`.`;
    return `| ${error.code} | \`${error.name}\` | ${error.comment}${limit} |`;
  });
  return ["| code | name | when |", "|---:|---|---|", ...rows].join("\n");
}
