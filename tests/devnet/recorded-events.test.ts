/** The recorded life of a real node, played again: what it told its observer is what the local chain tells. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Devnet } from "./devnet.ts";
import { newBlock } from "./observer/payloads.ts";
import { order, startObserver, startQuietDevnet } from "./testing/harness.ts";
import type { Observer } from "./testing/harness.ts";
import { isSystemTransaction, recordedLines, Replay } from "./testing/recorded.ts";
import type { RecordedBlock, RecordedTransaction } from "./testing/recorded.ts";
import { shapeOf } from "./testing/shape.ts";

/** The first burn block after the recorded network was ready: payments, aborts, deploys and a replacement follow. */
const FIRST_LINE = 183;
const LAST_LINE = 274;

/** Its print tells the clock, which is the local chain's own. */
const TELLS_THE_TIME = "0x541025c0f3bd4c614583eb9d4b1f6be83911a9c1d7dba8339303500a147278c8";
/** A node keeps the interface of a deploy that passed analysis and failed then; the simulator has none. */
const FAILED_DEPLOY = "0x550b8d4b62fffeffb3622c5823dfa33c8f95940e8e2f111370f7942317ea2ff1";

/** Shapes of the recording that the local chain never sends, and why. */
const NEVER_SENT: Record<string, string> = {
  "block with reward_set": "nobody stacks, so that no reward set is ever chosen",
  "block with matured_miner_rewards": "coinbases pay nothing, so that no reward ever matures",
  "burn block with reward_recipients": "nobody stacks, so that miners pay nobody",
  "failed deploy with interface": "the simulator keeps nothing of a deploy that failed",
};

let devnet: Devnet;
let observer: Observer;
let replay: Replay;

beforeAll(async () => {
  observer = await startObserver();
  devnet = await startQuietDevnet({ observers: [observer.url] });
  replay = new Replay(devnet.chain);
  await replay.play(FIRST_LINE, LAST_LINE);
  await order(devnet, "wait-observers");
});

afterAll(async () => {
  await devnet.stop();
  await observer.close();
});

type Payload = ReturnType<typeof newBlock> & RecordedBlock;

/** Pairs of a recorded block and the local chain's payload of the same transactions. */
function pairs(): [RecordedBlock, RecordedBlock][] {
  return replay.blocks.map(([recorded, block]) => [recorded, newBlock(block) as Payload]);
}

function userTransactions(block: RecordedBlock): RecordedTransaction[] {
  return block.transactions.filter((transaction) => !isSystemTransaction(transaction));
}

describe("the recorded transactions", () => {
  it("have the same ids, bytes, statuses, results and errors", () => {
    const told = (block: RecordedBlock): unknown =>
      userTransactions(block).map(({ txid, status, raw_result, raw_tx, vm_error }) => ({
        txid,
        status,
        raw_result,
        raw_tx,
        vm_error,
      }));
    for (const [recorded, local] of pairs())
      expect(told(local), `block ${recorded.block_height}`).toEqual(told(recorded));
    const statuses = new Set(pairs().flatMap(([recorded]) => userTransactions(recorded).map(({ status }) => status)));
    expect([...statuses].sort()).toEqual(["abort_by_post_condition", "abort_by_response", "success"]);
  });

  it("have the same events in the same order", () => {
    const told = ({ events }: RecordedBlock): unknown =>
      [...events]
        .sort((a, b) => a.event_index - b.event_index)
        .map((event) =>
          event.txid === TELLS_THE_TIME && event.type === "contract_event"
            ? { ...event, contract_event: "tells the time" }
            : event,
        );
    for (const [recorded, local] of pairs())
      expect(told(local), `block ${recorded.block_height}`).toEqual(told(recorded));
  });

  it("deploy contracts with the same interfaces", () => {
    const told = (block: RecordedBlock): unknown =>
      userTransactions(block)
        .filter(({ txid }) => txid !== FAILED_DEPLOY)
        .map(({ contract_interface }) => contract_interface);
    for (const [recorded, local] of pairs())
      expect(told(local), `block ${recorded.block_height}`).toEqual(told(recorded));
  });

  it("reach the observer in no useful order, for clients to sort", () => {
    const indexes = pairs().map(([, local]) => local.events.map(({ event_index }) => event_index));
    expect(indexes.some((order) => order.some((index, place) => index !== place))).toBe(true);
  });
});

/** What a payload is, and its shape; a contract interface counts as one type, its content is compared above. */
function shapes(path: string, body: unknown): [kind: string, shape: string][] {
  if (path === "/new_burn_block") {
    const { reward_recipients: recipients } = body as { reward_recipients: unknown[] };
    return [
      [recipients.length > 0 ? "burn block with reward_recipients" : "burn block", shapeOf(withoutSlotHolders(body))],
    ];
  }
  if (path !== "/new_block") return [[path, shapeOf(body)]];
  const { transactions, events, ...block } = body as RecordedBlock;
  const kind =
    block["reward_set"] !== null
      ? "block with reward_set"
      : (block["matured_miner_rewards"] as unknown[]).length > 0
        ? "block with matured_miner_rewards"
        : "block";
  return [
    [block.block_height === 0 ? "block 0" : kind, shapeOf(block)],
    ...transactions.map((transaction): [string, string] => {
      const deployed = transaction.contract_interface !== null;
      const label =
        deployed && transaction.status !== "success"
          ? "failed deploy with interface"
          : `${transaction.status} transaction`;
      return [label, shapeOf({ ...transaction, contract_interface: deployed ? "interface" : null })];
    }),
    ...events.map((event): [string, string] => [event.type, shapeOf(event)]),
  ];
}

/** Empty or not: holders of reward slots exist where somebody stacks. */
function withoutSlotHolders(body: unknown): unknown {
  return { ...(body as object), reward_slot_holders: [] };
}

function collect(payloads: readonly { path: string; body: unknown }[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { path, body } of payloads) {
    for (const [kind, shape] of shapes(path, body)) found.set(kind, (found.get(kind) ?? new Set()).add(shape));
  }
  return found;
}

describe("the payloads", () => {
  it("have the recorded shapes, and no others", () => {
    const recorded = collect(recordedLines().slice(FIRST_LINE - 2));
    const local = collect(observer.deliveries);
    for (const [kind, shapesOfKind] of local) {
      for (const shape of shapesOfKind) expect([...(recorded.get(kind) ?? [])], kind).toContain(shape);
    }
  });

  it("are of all the recorded kinds, but for those that have a reason", () => {
    const recorded = collect(recordedLines().slice(FIRST_LINE - 2));
    const local = collect(observer.deliveries);
    const missing = [...recorded.keys()].filter((kind) => !local.has(kind));
    expect(missing.sort()).toEqual(Object.keys(NEVER_SENT).sort());
  });
});
