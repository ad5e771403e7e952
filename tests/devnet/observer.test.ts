/** Delivery to observers: what a node's event dispatcher does. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Devnet } from "./devnet.ts";
import { order, startObserver, startQuietDevnet } from "./testing/harness.ts";
import type { Observer } from "./testing/harness.ts";

let observer: Observer;
let devnet: Devnet | undefined;

beforeEach(async () => {
  observer = await startObserver();
});

afterEach(async () => {
  await devnet?.stop();
  await observer.close();
});

const paths = (of: Observer): string[] => of.deliveries.map(({ path }) => path);

describe("an observer", () => {
  it("gets block 0, then every burn block before the block that opens its tenure, below its path prefix", async () => {
    devnet = await startQuietDevnet({ observers: [`${observer.url}/secret`] });
    await order(devnet, "burn", { blocks: 1 });
    await order(devnet, "wait-observers");
    expect(paths(observer)).toEqual([
      "/secret/new_block",
      "/secret/new_burn_block",
      "/secret/new_block",
      "/secret/new_burn_block",
      "/secret/new_block",
    ]);
    expect(observer.deliveries[0]?.body).toMatchObject({ block_height: 0, block_time: null, signer_bitvec: null });
  });

  const refusals: [string, (response: ServerResponse) => void][] = [
    ["500", (response) => response.writeHead(500, { "content-length": 0 }).end()],
    ["404", (response) => response.writeHead(404, { "content-length": 0 }).end()],
    ["204", (response) => response.writeHead(204).end()],
    ["202", (response) => response.writeHead(202, { "content-length": 0 }).end()],
    ["a redirect", (response) => response.writeHead(302, { location: "/", "content-length": 0 }).end()],
    ["a closed connection", (response) => response.destroy()],
    ["no answer in time", () => undefined],
    [
      "neither Content-Length nor chunks",
      (response) => {
        response.useChunkedEncodingByDefault = false;
        response.removeHeader("content-length");
        response.socket?.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nOK");
      },
    ],
    [
      "a header that comes twice",
      (response) => response.writeHead(200, ["Content-Length", "2", "X-Twice", "1", "X-Twice", "2"]).end("OK"),
    ],
    [
      "a media type that no node reads",
      (response) => response.writeHead(200, { "content-type": "text/html", "content-length": 2 }).end("OK"),
    ],
    [
      "JSON that does not parse",
      (response) => response.writeHead(200, { "content-type": "application/json", "content-length": 2 }).end("OK"),
    ],
  ];

  it.each(refusals)("gets the same payload again after %s", async (_, refuse) => {
    observer.answers.push(refuse);
    devnet = await startQuietDevnet({ observers: [observer.url] });
    await order(devnet, "wait-observers");
    expect(paths(observer)).toEqual(["/new_block", "/new_block", "/new_burn_block", "/new_block"]);
    expect(observer.deliveries[1]).toEqual(observer.deliveries[0]);
  });

  it("gets a payload twice when that is ordered", async () => {
    devnet = await startQuietDevnet({ observers: [observer.url] });
    await order(devnet, "wait-observers");
    observer.deliveries.splice(0);
    await order(devnet, "faults", { duplicate_deliveries: 1 });
    await order(devnet, "mine");
    await order(devnet, "wait-observers");
    expect(paths(observer)).toEqual(["/new_block", "/new_block"]);
  });

  it("that is dead keeps the others waiting", async () => {
    const dead = await startObserver();
    await dead.close();
    devnet = await startQuietDevnet({ observers: [observer.url, dead.url] });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(paths(observer)).toEqual(["/new_block"]);
    expect(devnet.observers.length).toBe(3);
  });
});
