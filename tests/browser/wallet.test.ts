/** `--wallet browser` in a real Chromium with a fake wallet: what it signs is checked, sent once, and nothing else is sent. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEVNET_ACCOUNTS } from "../devnet/accounts.ts";
import type { Devnet } from "../devnet/devnet.ts";
import { startQuietDevnet } from "../devnet/testing/harness.ts";
import { inject } from "./fake-wallet.ts";
import type { Behaviour } from "./fake-wallet.ts";
import { Recoup } from "./recoup.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

const account = (name: string) => {
  const found = DEVNET_ACCOUNTS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no account ${name}`);
  return found;
};

describe.skipIf(CHROMIUM === undefined)("a wallet in the browser (needs Chromium: apt-get install chromium)", () => {
  const shop = account("wallet_1");
  let chain: Devnet;
  let nodeUrl: string;
  let browser: Browser;
  let recoup: Recoup;

  beforeAll(async () => {
    chain = await startQuietDevnet({ mineIntervalMs: 200 });
    const flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"];
    nodeUrl = `http://127.0.0.1:${String(chain.port)}`;
    browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: flags });
    recoup = new Recoup(nodeUrl);
    await recoup.import("deployer", account("deployer").privateKey);
    await recoup.import("alice", account("wallet_2").privateKey);
    await recoup.document(["contracts", "deploy", "--wallet", "deployer", "--yes"]);
    await recoup.document(["wallet", "connect"], visit({}));
  });

  afterAll(async () => {
    await browser?.close();
    await chain?.stop();
    recoup?.remove();
  });

  /** Opens the page, lets `look` see it, and chooses the wallet. */
  const visit = (behaviour: Partial<Behaviour>, look: (page: Page) => Promise<void> = () => Promise.resolve()) => {
    return async (url: string): Promise<void> => {
      const page = await browser.newPage();
      await inject(page, { privateKey: shop.privateKey, nodeUrl, ...behaviour });
      await page.goto(url);
      const wallet = page.getByRole("button", { name: "Test wallet" });
      await wallet.waitFor();
      await look(page);
      await wallet.click();
      await page.getByText(/^(Done|Not done|Cancelled)/).waitFor();
      if (await page.getByText("Not done").isVisible()) await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText(/^(Done|Cancelled)/).waitFor();
      await page.close();
    };
  };

  const paidInvoice = async (): Promise<string> => {
    const create = ["invoice", "create", "--amount", "10", "--wallet", "browser", "--yes"];
    const { invoice_id: id } = await recoup.document(create, visit({}));
    await recoup.document(["pay", String(id), "--wallet", "alice", "--yes"]);
    return String(id);
  };

  const refund = (invoice: string, ...more: string[]) =>
    ["refund", "create", "--invoice", invoice, "--amount", "4", "--wallet", "browser", "--yes", ...more];

  const refunds = async (invoice: string): Promise<unknown[]> => {
    const { refunds } = await recoup.document(["refund", "list", "--invoice", invoice]);
    return refunds as unknown[];
  };

  it("knows the address and no key", async () => {
    const { wallets } = await recoup.document(["wallet", "list"]);
    expect(wallets).toContainEqual({ name: "browser", address: shop.address, sort: "browser" });
  });

  it("refunds through a wallet that signs, and shows the plan as text whatever it holds", async () => {
    const invoice = await paidInvoice();
    const reason = `<img src=x onerror="document.title='gone'">`;
    const look = async (page: Page): Promise<void> => {
      expect(await page.getByText("refund-stx").count()).toBe(1);
      expect(await page.getByText("exactly 4 STX").count()).toBe(1);
      expect(await page.getByText("onerror").count()).toBe(1);
      expect(await page.locator("img").count()).toBe(0);
      // Even a script that got in would not run.
      await page.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'gone'";
        document.body.append(script);
      });
      expect(await page.title()).toBe("Recoup");
    };
    const done = await recoup.document(refund(invoice, "--reason", reason), visit({}, look));
    expect(done).toMatchObject({ outcome: "included", resumed: false });
    expect(await refunds(invoice)).toHaveLength(1);
  });

  it("refunds through a wallet that only calls contracts, and sends by itself", async () => {
    const invoice = await paidInvoice();
    const done = await recoup.document(refund(invoice), visit({ unknown: ["stx_signTransaction"] }));
    expect(done).toMatchObject({ outcome: "included" });
    expect(await refunds(invoice)).toHaveLength(1);
  });

  it("sends nothing when the wallet refuses", async () => {
    const invoice = await paidInvoice();
    const look = async (page: Page): Promise<void> => expect(await page.getByText("Not done").count()).toBe(0);
    const { code, stderr } = await recoup.run(refund(invoice), visit({ refuses: true }, look));
    expect(stderr).toContain("the wallet did not do it");
    expect(code).toBe(3);
    expect(await refunds(invoice)).toHaveLength(0);
  });

  it("sends nothing when the wallet signs something else", async () => {
    const invoice = await paidInvoice();
    const tamper: Behaviour["tamper"] = (transaction) => {
      transaction.postConditions.values.length = 0;
    };
    const { code, stderr } = await recoup.run(refund(invoice), visit({ tamper }));
    expect(stderr).toContain("another transaction than it was given");
    expect(code).toBe(3);
    expect(await refunds(invoice)).toHaveLength(0);
  });
});
