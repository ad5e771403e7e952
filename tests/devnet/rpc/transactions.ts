/** POST /v2/transactions, and looking transactions up. */
import { Cl } from "@stacks/transactions";
import { Rejection } from "../chain/admission.ts";
import { decodeTransaction, UndecodableTransaction } from "../chain/transaction.ts";
import type { DecodedTransaction } from "../chain/transaction.ts";
import { clarityText } from "./clarity-text.ts";
import type { Context } from "./context.ts";
import { HASH, json, refused, text } from "./http.ts";
import type { Reply, Route, RpcRequest } from "./http.ts";
import { viewOf } from "./view.ts";

const UNREADABLE = refused(
  400,
  'Failed to decode due to SIP-003 codec error: ReadError(Error { kind: UnexpectedEof, message: "failed to fill whole buffer" })',
);

/** Thrown where a request gets no answer. */
export class NoAnswer extends Error {
  readonly keepOpen: boolean;

  constructor(keepOpen: boolean) {
    super("no answer, as ordered");
    this.keepOpen = keepOpen;
  }
}

export function transactionRoutes(context: Context): Route[] {
  return [
    { method: "POST", pattern: /^\/v2\/transactions$/, handle: (request) => broadcast(context, request) },
    {
      method: "GET",
      pattern: new RegExp(`^/v2/transactions/unconfirmed/(?<txid>${HASH})$`),
      handle: (_, { txid = "" }) => unconfirmed(context, txid),
    },
    {
      method: "GET",
      pattern: new RegExp(`^/v3/transaction/(?<txid>${HASH})$`),
      handle: (_, { txid = "" }) => indexed(context, txid),
    },
    {
      method: "GET",
      pattern: /^\/v3\/transaction\/.*$/,
      handle: ({ path }) => refused(400, `Invalid path parameters for '${path}'`),
    },
  ];
}

async function broadcast(context: Context, request: RpcRequest): Promise<Reply> {
  const bytes = transactionBytes(request);
  if (!(bytes instanceof Uint8Array)) return bytes;
  let transaction: DecodedTransaction;
  try {
    transaction = decodeTransaction(bytes);
  } catch (error) {
    if (error instanceof UndecodableTransaction) return UNREADABLE;
    throw error;
  }
  const { txid } = transaction;
  const fault = context.faults.takeBroadcastFault();
  if (fault === "fail") return text(500, "ServerFailureOther");
  if (fault === "accept-then-forget") return json(txid);
  try {
    const rejection = context.faults.takeRejection();
    if (rejection !== null) throw rejection;
    await context.chain.accept(transaction, viewOf(context.chain, context.faults).tip);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const { reason, data } = error;
    return json(
      { error: "transaction rejected", reason, ...(data === undefined ? {} : { reason_data: data }), txid },
      400,
    );
  }
  if (fault === "accept-then-disconnect" || fault === "accept-then-hang")
    throw new NoAnswer(fault === "accept-then-hang");
  return json(txid);
}

/** The body as octets, or as JSON {"tx": hex without 0x}. */
function transactionBytes({ headers, body }: RpcRequest): Uint8Array | Reply {
  const type = headers["content-type"];
  if (body.length === 0)
    return refused(400, "Failed to decode: Invalid Http request: expected non-zero-length body for PostTransaction");
  if (type === undefined) return refused(400, "Failed to decode: Missing Content-Type for transaction");
  if (type === "application/octet-stream") return body;
  if (type !== "application/json")
    return refused(
      400,
      "Failed to decode: Wrong Content-Type for transaction; expected application/json or application/octet-stream",
    );
  const { tx } = parseJson(body) as { tx?: unknown };
  if (typeof tx !== "string" || !/^(?:[0-9a-fA-F]{2})+$/.test(tx))
    return refused(400, "Failed to decode: Failed to parse tx");
  return Buffer.from(tx, "hex");
}

function parseJson(body: Buffer): object {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function unconfirmed({ chain }: Context, txid: string): Reply {
  const transaction = chain.mempool.get(txid);
  if (transaction === undefined)
    return text(404, `Transaction ${txid} not found in mempool or unconfirmed microblock stream`);
  return json({ tx: transaction.raw, status: "Mempool" });
}

function indexed({ chain, faults }: Context, txid: string): Reply {
  const view = viewOf(chain, faults);
  const inclusion = chain.stacks.firstInclusion(txid);
  if (inclusion === undefined || view.byId(inclusion.block.id) === undefined)
    return text(404, `No such transaction ${txid}\n`);
  const { block, index } = inclusion;
  const canonical = view.isCanonical(block);
  const transaction = block.transactions[index];
  if (transaction === undefined) throw new Error(`block ${block.id} lost its transaction ${txid}`);
  return json({
    index_block_hash: block.id,
    tx: transaction.raw,
    result: clarityText(Cl.deserialize(transaction.result)),
    block_height: canonical ? block.height : null,
    is_canonical: canonical,
  });
}
