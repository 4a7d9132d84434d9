import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface EmptyAws {
  readonly url: string;
  stop(): void;
}

/** Secrets by the names that stand for their ARNs here. */
const secrets: Readonly<Record<string, string>> = {
  endpoint: `whsec_${Buffer.alloc(32, 1).toString("base64")}`,
  login: '{"username":"tidemark","password":"secret"}',
  postgres: "postgres://127.0.0.1:9/media",
};

/**
 * An AWS with tables and buckets that are empty and keep nothing, for a function to say what it costs by itself. It also takes whatever is
 * sent to an endpoint or a ClickHouse.
 */
export async function startEmptyAws(): Promise<EmptyAws> {
  const server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await Array.fromAsync(request)).toString();
  const operation = String(request.headers["x-amz-target"] ?? "").split(".")[1];
  if (operation) {
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(answerTo(operation, body));
    return;
  }
  // What is read is an object of a bucket. ClickHouse is known by its headers.
  response.writeHead(request.method === "GET" ? 404 : 200, { "x-clickhouse-summary": "{}" }).end();
}

function answerTo(operation: string, body: string): string {
  if (operation === "GetSecretValue") return JSON.stringify({ SecretString: secrets[JSON.parse(body).SecretId] });
  return operation === "BatchGetItem" ? '{"Responses":{}}' : "{}";
}
