import type { ClientRequest, IncomingMessage } from "node:http";

/** One request and what came back for it. `stale`: a kept-alive connection turned out to be dead before anything was answered. */
export type Reply =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly body: string;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly stale: boolean };

/** How much of an answer's body is kept, in bytes; the rest is read and dropped. */
const bodyBytesMax = 64 * 1024;

/**
 * Sends `body` as the request that `open` starts, reads the answer to its end and never rejects. The signal cuts the connection.
 * An answer that breaks off counts as failed, whatever its status: half an answer doesn't say what was done.
 */
export function exchange(open: () => ClientRequest, body: Uint8Array, signal: AbortSignal): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const request = open();
  let response: IncomingMessage | undefined;
  let failure: Error | undefined;
  const kept: Buffer[] = [];
  const fail = (error: Error) => {
    failure ??= error;
  };
  const end = () => {
    signal.removeEventListener("abort", cut);
    resolve(response?.complete ? answered(response, kept) : failed(request, response, failure));
  };
  const cut = () => {
    request.destroy();
    end();
  };
  request.on("error", fail);
  request.on("response", (incoming) => {
    response = incoming;
    incoming.on("error", fail);
    keepHead(incoming, kept);
  });
  // Comes last, whether it went well or not.
  request.on("close", end);
  if (signal.aborted) cut();
  else signal.addEventListener("abort", cut, { once: true });
  request.end(body);
  return promise;
}

function keepHead(response: IncomingMessage, kept: Buffer[]): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    const room = bodyBytesMax - bytes;
    if (room > 0) kept.push(chunk.subarray(0, room));
    bytes += chunk.length;
  });
}

function answered(response: IncomingMessage, kept: readonly Buffer[]): Reply {
  const body = kept.length === 0 ? "" : Buffer.concat(kept).toString();
  return { kind: "answered", status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], body };
}

function failed(request: ClientRequest, response: IncomingMessage | undefined, error: Error | undefined): Reply {
  const code = error && "code" in error && typeof error.code === "string" ? error.code : error?.message;
  const where = response ? "the answer broke off" : "no answer";
  return {
    kind: "failed",
    reason: `${where}: ${code || "the connection was closed"}`,
    stale: request.reusedSocket && response === undefined && (code === "ECONNRESET" || code === "EPIPE"),
  };
}
