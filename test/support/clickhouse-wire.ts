import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

/** A request as it came in. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked where it was packed. */
  readonly body: string;
}

/** What the server does with a request: an answer, or what goes wrong. */
export type WireAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Says nothing; `reset` and `half` cut the connection, `half` in the middle of an answer that looks well. `drip` never ends it. */
  | "silence"
  | "reset"
  | "half"
  | "drip"
  | "garbage";

/** How ClickHouse 26.9 answers to an insert that went well. */
export const wellDone: WireAnswer = {
  status: 200,
  headers: {
    "x-clickhouse-server-display-name": "a-server",
    "x-clickhouse-query-id": "9b7f5a3e-6f1b-4a83-9a53-1f6b0d9e8c11",
    "x-clickhouse-timezone": "UTC",
    "x-clickhouse-summary": '{"read_rows":"1","written_rows":"1"}',
  },
};

/** How it answers where it throws: the code in a header, and the text in the body. */
export function exception(code: number, type: string, message: string, status = 500): WireAnswer {
  const body = `Code: ${code}. DB::Exception: ${message}. (${type}) (version 26.9.2.1 (official build))\n`;
  const headers = { "x-clickhouse-exception-code": String(code), "content-type": "text/plain; charset=UTF-8" };
  return { status, headers, body };
}

/** An HTTP server that notes what it is asked, and answers as it is told. */
export async function startWire(
  answer: (requestNumber: number) => WireAnswer = () => wellDone,
  tls?: { readonly key: string; readonly cert: string },
) {
  const requests: WireRequest[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await read(incoming).catch(() => undefined);
    // It was cut on its way.
    if (!request) return;
    requests.push(request);
    give(answer(requests.length), response);
  };
  const server = tls ? createHttpsServer(tls, listener) : createServer(listener);
  let connections = 0;
  server.on(tls ? "secureConnection" : "connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const url = `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, connections: () => connections, stop };
}

async function read(incoming: IncomingMessage): Promise<WireRequest> {
  const { pathname, searchParams } = new URL(incoming.url ?? "", "http://host");
  const bytes = await buffer(incoming);
  const { method = "", headers } = incoming;
  const body = (headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
  return { method, path: pathname, parameters: Object.fromEntries(searchParams), headers, body };
}

function give(answer: WireAnswer, response: ServerResponse): void {
  if (answer === "silence") return;
  if (answer === "reset") response.socket?.resetAndDestroy();
  else if (answer === "garbage") response.socket?.end("SSH-2.0-OpenSSH_9.6\r\n\r\n");
  else if (answer === "half" || answer === "drip") {
    response.writeHead(200, { "x-clickhouse-query-id": "1", "content-length": "10" });
    response.write(" ", () => answer === "half" && response.socket?.destroy());
  } else response.writeHead(answer.status, answer.headers).end(answer.body);
}
