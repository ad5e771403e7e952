/** What docs/ says of the contracts is what their sources say, and what they do. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { ClarityType, type ClarityValue, deserializeCV } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import { Documents, OPERATIONS } from "./docs/pages.ts";
import {
  OPERATOR, SBTC, STX, cancelInvoice, contract, expectOk, extendRefundWindow, givenInvoice, givenPaidInvoice, printLog, refund,
  setOperator, simnet,
} from "./helpers.ts";
import { outcomes } from "./models/commands/index.ts";
import { deposit, givenReserve, refundFromReserve, revokeDelegate, withdraw } from "./reserve/helpers.ts";
import { contractOf, CONTRACTS } from "./source/contract.ts";
import { cancel, closePlan, givenSubscription, paySubscription } from "./subscriptions/helpers.ts";

const documents = new Documents();

describe("docs", () => {
  it.each(documents.files)("%s repeats the sources as they are", (file) => {
    expect(readFileSync(file, "utf8")).toBe(documents.render(file));
  });

  it("have a page for each public function, with all that a page must say", () => {
    const documented = documents.operations.flatMap(({ contract, functions }) => functions.map(({ name }) => `${contract} ${name}`));
    const declared = CONTRACTS.flatMap((name) =>
      [...contractOf(documents.contracts, name).functions.values()]
        .filter(({ access }) => access === "public")
        .map((declared) => `${name} ${declared.name}`),
    );
    expect(documented.sort()).toEqual(declared.sort());
    for (const { page } of documents.operations) {
      const text = readFileSync(`${OPERATIONS}/${page}`, "utf8");
      for (const heading of ["Who may call", "Before", "After", "Events", "Errors"]) expect(text).toMatch(new RegExp(`^## ${heading}\n\n\\S`, "m"));
    }
  });

  it("lead nowhere that does not exist", () => {
    const pages = ["SECURITY.md", "README.md", ...readdirSync("docs", { recursive: true }).map((file) => `docs/${String(file)}`)].filter((file) => file.endsWith(".md"));
    const headings = (file: string) =>
      [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => (heading ?? "").toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-"));
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)].flatMap(([link, path = "", anchor]) => {
        const target = path === "" ? page : new URL(path, `file:///${page}`).pathname.slice(1);
        if (!existsSync(target)) return [`${page}: ${link}`];
        return anchor === undefined || headings(target).includes(anchor) ? [] : [`${page}: ${link}`];
      }),
    );
    expect(broken).toEqual([]);
  });
});

describe("the errors on the pages", () => {
  /** What the model calls an operation, where its page has another name. */
  const pages: Record<string, string> = { "reserve-refund": "refund-from-reserve" };

  it("are those that the model's sequences reach, all of them and no other", () => {
    const reached = [...outcomes].filter((outcome) => !outcome.endsWith(" ok")).map((outcome) => {
      const [operation = "", code] = outcome.split(" ");
      return `${pages[operation] ?? operation} ${code}`;
    });
    const documented = documents.operations.flatMap((operation) =>
      documents.errorsOf(operation).map(({ error }) => `${operation.page.replace(".md", "")} ${error.code}`),
    );
    expect([...new Set(reached)].sort()).toEqual(documented.sort());
  });
});

describe("the sources", () => {
  it("are read as the Clarity VM reads them", () => {
    for (const name of CONTRACTS) {
      const { functions } = contractOf(documents.contracts, name);
      const read = [...functions.values()].map(({ name, access, parameters }) => ({ name, access, args: parameters }));
      const known = simnet.getContractsInterfaces().get(contract(name))?.functions ?? [];
      const compiled = known.map(({ name, access, args }) => ({ name, access: access.replace("_", "-"), args: args.map((arg) => arg.name) }));
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
      expect(read.sort(byName)).toEqual(compiled.sort(byName));
    }
  });

  it("give no two errors one number", () => {
    const codes = CONTRACTS.flatMap((name) => [...contractOf(documents.contracts, name).errors.values()]);
    const own = codes.filter(({ contract, code }) => CONTRACTS[Math.floor(code / 100) - 10] === contract);
    expect(new Set(own.map(({ code }) => code)).size).toBe(own.length);
    // recoup-reserve passes one of recoup-core's on by a constant of its own.
    expect(codes.filter((error) => !own.includes(error)).map(({ contract, code }) => [contract, code])).toEqual([["recoup-reserve", 1001]]);
    for (const { comment } of codes) expect(comment).toMatch(/^\w.+\.$/);
  });
});

describe("docs/EVENTS.md", () => {
  const text = readFileSync("docs/EVENTS.md", "utf8");
  const types = new Map([...text.matchAll(/^\| `([\w-]+)` \| ([^|]+) \|/gm)].map(([, field, type]) => [field ?? "", type ?? ""]));
  const sections = new Map(
    [...text.matchAll(/^### ([\w-]+)\n[\s\S]*?\nFields: ([^.]+)\./gm)].map(([, event, list]) => [
      event ?? "",
      [...(list ?? "").matchAll(/`([\w-]+)`/g)].map(([, field]) => field ?? ""),
    ]),
  );

  /** All that the three contracts can print, in both kinds of asset. */
  function printAll() {
    for (const asset of [STX, SBTC]) {
      givenReserve(asset);
      expectOk(refundFromReserve({ asset, invoiceId: givenPaidInvoice({ asset, reference: `order ${asset.name}`, memo: "m" }), reason: "broken" }));
      expectOk(refund({ asset, invoiceId: givenPaidInvoice({ asset }), reference: `refund ${asset.name}` }));
      expectOk(deposit(1n, asset));
      expectOk(withdraw(1n, asset));
      expectOk(revokeDelegate(asset));
      const id = givenSubscription({ asset });
      expectOk(paySubscription({ id, asset }));
      expectOk(cancel(id));
      expectOk(closePlan(id));
      const invoiceId = givenInvoice({ asset, minPayment: 10n, onlyPayer: OPERATOR });
      expectOk(extendRefundWindow(invoiceId, 5000n));
      expectOk(cancelInvoice(invoiceId));
      expectOk(setOperator(OPERATOR, true, true));
    }
  }

  it("names every event with exactly its fields, of the types that it says", () => {
    printAll();
    const seen = new Map<string, Set<string>>();
    for (const { print, hex } of printLog) {
      const event = String(print["event"]);
      expect(sections.get(event)?.slice().sort(), event).toEqual(Object.keys(print).sort());
      const value = deserializeCV(hex);
      if (value.type !== ClarityType.Tuple) throw new Error(`${event} is no tuple`);
      for (const [field, found] of Object.entries(value.value)) {
        expect(isOfType(found, types.get(field) ?? ""), `${event}: ${field}`).toBe(true);
        const known = seen.get(field) ?? new Set();
        seen.set(field, known.add(found.type));
      }
    }
    expect([...sections.keys()].sort()).toEqual([...new Set(printLog.map(({ print }) => String(print["event"])))].sort());
    expect([...types.keys()].sort()).toEqual([...seen.keys()].sort());
  });

  function isOfType(value: ClarityValue, type: string): boolean {
    if (type.includes(", or ")) return type.split(", or ").some((one) => isOfType(value, one.replace(/ in .*/, "")));
    if (type.startsWith("optional ")) {
      return value.type === ClarityType.OptionalNone || (value.type === ClarityType.OptionalSome && isOfType(value.value, type.slice("optional ".length)));
    }
    const kinds: Record<string, ClarityType[]> = {
      uint: [ClarityType.UInt],
      bool: [ClarityType.BoolTrue, ClarityType.BoolFalse],
      principal: [ClarityType.PrincipalStandard, ClarityType.PrincipalContract],
      "string-ascii": [ClarityType.StringASCII],
      "string-utf8": [ClarityType.StringUTF8],
    };
    return kinds[type]?.includes(value.type) ?? false;
  }
});

describe("docs/CONTRACTS.md", () => {
  it("says who may call each public function, and lists each read-only one", () => {
    const text = readFileSync("docs/CONTRACTS.md", "utf8");
    for (const name of CONTRACTS) {
      const { functions } = contractOf(documents.contracts, name);
      const section = text.slice(text.indexOf(`### ${name}: callers`), text.indexOf("\n#", text.indexOf(`### ${name}: callers`) + 4));
      const mentioned = [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) => [...(cell ?? "").matchAll(/`([\w?-]+)`/g)].map(([, fn]) => fn));
      const publicOnes = [...functions.values()].filter(({ access }) => access === "public").map(({ name }) => name);
      expect(mentioned.sort()).toEqual(publicOnes.sort());
      for (const { name: fn, access } of functions.values()) if (access === "read-only") expect(text).toContain(`\`${fn}`);
    }
  });
});
