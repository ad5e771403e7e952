/** Requests and replies of the RPC server, and the table that leads from one to the other. */
export interface RpcRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** A node closes the connection after a request that it could not read. */
  readonly close: boolean;
}

export interface Route {
  readonly method: "GET" | "POST";
  readonly pattern: RegExp;
  handle(request: RpcRequest, parameters: Record<string, string>): Promise<Reply> | Reply;
}

export function json(body: unknown, status = 200): Reply {
  return { status, contentType: "application/json", body: JSON.stringify(body), close: false };
}

export function text(status: number, body: string): Reply {
  return { status, contentType: "text/plain", body, close: false };
}

/** An answer to a request that does not parse. */
export function refused(status: number, body: string): Reply {
  return { status, contentType: "text/plain", body, close: true };
}

export const NOT_FOUND: Reply = refused(404, "No such file or directory");

/** What a real node would answer, and the local chain cannot: the reason is for the developer who reads it. */
export function notImplemented(reason: string): Reply {
  return {
    status: 501,
    contentType: "text/plain",
    body: `Not implemented by the local chain: ${reason}`,
    close: false,
  };
}

export async function dispatch(routes: readonly Route[], request: RpcRequest): Promise<Reply> {
  for (const { method, pattern, handle } of routes) {
    const match = request.method === method ? pattern.exec(request.path) : null;
    if (match !== null) return handle(request, match.groups ?? {});
  }
  return NOT_FOUND;
}

/** Parts of path patterns. */
export const ADDRESS = "S[0-9A-HJKMNP-TV-Z]{28,41}";
export const CONTRACT_NAME = "[a-zA-Z](?:[a-zA-Z0-9]|[-_]){0,127}";
export const CLARITY_NAME = "[a-zA-Z](?:[a-zA-Z0-9]|[-_!?+<>=/*])*|[-+=/*]|[<>]=?";
export const HASH = "[0-9a-f]{64}";
export const CONSENSUS_HASH = "[0-9a-f]{40}";
