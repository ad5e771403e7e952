/** The table of recorded requests: it has a row for every file, and every row holds. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Devnet } from "./devnet.ts";
import { RECORDED_REQUESTS } from "./recorded-requests.ts";
import type { Row, Stage } from "./recorded-requests.ts";
import { ask, startQuietDevnet } from "./testing/harness.ts";
import { exchange, exchangeNames, Replay } from "./testing/recorded.ts";
import { shapeOf } from "./testing/shape.ts";

let devnet: Devnet;
let replay: Replay;

beforeAll(async () => {
  devnet = await startQuietDevnet();
  replay = new Replay(devnet.chain);
});

afterAll(() => devnet.stop());

const all = (): boolean => true;

async function mineRecorded(line: number): Promise<void> {
  const [block] = await devnet.chain.mine(1);
  if (block !== undefined) replay.learnLine(line, block);
}

/** How many blocks lie above the block that stands for the recorded height. */
function depthAbove(recordedHeight: number): number {
  return devnet.chain.tip.height - (replay.heights.get(recordedHeight) ?? 0);
}

/** The three reorgs of events.jsonl, lines 275 to 344. */
async function playReorgs(): Promise<void> {
  const { chain } = devnet;
  await replay.play(253, 274);
  const remined = await chain.forkBurn(depthAbove(125), 1, all);
  replay.learnLine(279, remined.built[0] as never);
  await replay.play(280, 294);
  await chain.forkBurn(depthAbove(130), 0, all);
  await replay.play(297, 297);
  await mineRecorded(299);
  await replay.play(300, 320);
  const second = await chain.forkBurn(depthAbove(136), 1, all);
  replay.learnLine(324, second.built[0] as never);
  await replay.play(325, 327);
  const flipped = await chain.flip(1);
  replay.learnLine(330, flipped.built[0] as never);
  await replay.play(331, 344);
}

/** What happens before the requests of a stage. */
const PREPARE: Record<Stage, () => Promise<void>> = {
  replacement: () => replay.play(183, 245),
  payments: () => mineRecorded(250),
  trailing: () => mineRecorded(252),
  reorgs: playReorgs,
};

/** Recorded hashes and heights of a path become those of the local chain. */
function translatePath(path: string): string {
  return path
    .replace(/(\/blocks\/height\/)(\d+)/, (_, before: string, height: string) => {
      const heights = path.includes("/tenures/") ? replay.burnHeights : replay.heights;
      return `${before}${heights.get(Number(height)) ?? height}`;
    })
    .replace(
      /(\/burn_height\/)(\d+)/,
      (_, before: string, height: string) => `${before}${replay.burnHeights.get(Number(height)) ?? height}`,
    )
    .replace(/[0-9a-f]{64}|[0-9a-f]{40}/g, translateHash);
}

function translateHash(hash: string): string {
  return replay.hashes.get(hash) ?? hash;
}

function translateBody(body: string): string {
  const hashes = body.replace(/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g, translateHash);
  return hashes.replace(
    /("block_height":)(\d+)/,
    (_, before: string, height: string) => `${before}${replay.heights.get(Number(height)) ?? height}`,
  );
}

async function check(name: string, row: Exclude<Row, { noRequest: string }>): Promise<void> {
  const { request, response } = exchange(name);
  const body = request.body_hex === undefined ? request.body_text : Buffer.from(request.body_hex, "hex");
  const answer = await ask(devnet, request.method, row.path ?? translatePath(request.path), body, request.headers);
  if ("notImplemented" in row) {
    expect(answer.status).toBe(501);
    expect(answer.text).toContain(row.notImplemented);
    return;
  }
  expect({
    status: answer.status,
    type: answer.type,
    text: answer.status === response.status ? "" : answer.text,
  }).toEqual({
    status: response.status,
    type: response.headers["content-type"],
    text: "",
  });
  const recorded = response.body_text ?? "";
  const isJson = response.headers["content-type"] === "application/json";
  if ("same" in row) {
    const expected = translateBody(recorded);
    if (isJson) expect(answer.json).toEqual(JSON.parse(expected));
    else expect(answer.text).toBe(expected);
  } else {
    expect(shapeOf(answer.json)).toBe(shapeOf(JSON.parse(recorded)));
  }
}

it("has a row for every recorded file, and no other", () => {
  expect(Object.keys(RECORDED_REQUESTS).sort()).toEqual(exchangeNames().sort());
});

describe.each(Object.entries(PREPARE))('at the stage "%s"', (stage, prepare) => {
  beforeAll(prepare);

  const rows = Object.entries(RECORDED_REQUESTS).flatMap(([name, row]) =>
    "stage" in row && row.stage === stage ? [{ name, row }] : [],
  );
  it.each(rows)("answers $name", ({ name, row }) => check(name, row));
});
