/** The HTTP server: the node's RPC paths, and the control paths. Loopback only. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { controlRoutes } from "./control.ts";
import { blockRoutes } from "./rpc/blocks.ts";
import type { Context } from "./rpc/context.ts";
import { contractRoutes } from "./rpc/contracts.ts";
import { dispatch, text } from "./rpc/http.ts";
import type { Reply, Route, RpcRequest } from "./rpc/http.ts";
import { nodeRoutes } from "./rpc/node.ts";
import { NoAnswer, transactionRoutes } from "./rpc/transactions.ts";
import { viewOf } from "./rpc/view.ts";

const BODY_LIMIT = 4 * 1024 * 1024;
const KEEP_ALIVE_MS = 120_000;

export function createRpcServer(context: Context, log: (line: string) => void): Server {
  const routes = [
    ...transactionRoutes(context),
    ...contractRoutes(context),
    ...nodeRoutes(context),
    ...blockRoutes(context),
  ];
  const control = controlRoutes(context);
  const server = createServer((incoming, outgoing) => {
    handle(context, routes, control, incoming, outgoing)
      .then((reply) => respond(context, outgoing, reply))
      .catch((error: unknown) => {
        if (!(error instanceof NoAnswer)) {
          log(`${incoming.method} ${incoming.url}: ${String(error)}`);
          respond(context, outgoing, text(500, "internal error"));
        } else if (!error.keepOpen) outgoing.destroy();
      });
  });
  // On a busy machine a client thinks for longer than the usual five seconds, and must not find its connection closed.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

async function handle(
  context: Context,
  routes: readonly Route[],
  control: readonly Route[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<Reply> {
  const request = await read(incoming);
  if (request.path.startsWith("/devnet/")) return dispatch(control, request);
  const { faults, connections } = context;
  if (faults.isDown) throw new NoAnswer(false);
  connections.add(outgoing);
  if (faults.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.delayMs));
  const isRead = request.path !== "/v2/transactions";
  if (isRead && faults.takeReadFault()) return text(500, "ordered fault");
  return dispatch(routes, request);
}

async function read(incoming: IncomingMessage): Promise<RpcRequest> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw new Error("body too long");
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? "/", "http://localhost");
  return {
    method: incoming.method ?? "GET",
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}

function respond({ chain, faults }: Context, outgoing: ServerResponse, { status, contentType, body, close }: Reply): void {
  outgoing.writeHead(status, {
    "access-control-allow-headers": "origin, content-type",
    "access-control-allow-methods": "POST, GET, OPTIONS",
    "access-control-allow-origin": "*",
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    server: "stacks/2.0",
    ...(close ? { connection: "close" } : {}),
    ...(status === 200 ? { "x-canonical-stacks-tip-height": viewOf(chain, faults).tip.height } : {}),
  });
  outgoing.end(body);
}
