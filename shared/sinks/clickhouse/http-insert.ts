import { createHash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { addAbortSignal, Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import type { Answer } from "./answer.ts";

export interface ClientSettings {
  readonly url: URL;
  readonly username: string;
  readonly password: string;
  readonly ca: string | undefined;
}

/** How much of an answer's body is kept, in characters; the rest is read and dropped. */
const bodyMax = 64 * 1024;
/** One per insert that is under way; more than that wait. */
const socketsMax = 10;

const insertSettings = {
  // Servers of 2026 collect inserts by default, and then drop no repetitions.
  async_insert: 0,
  // The answer begins when the rows are stored, so its status is about all of them.
  wait_end_of_query: 1,
  // Events of more than 100 months in one insert would be refused for ever, as too many parts.
  max_partitions_per_insert_block: "0",
  // Times come as 2024-01-01T12:10:00Z.
  date_time_input_format: "best_effort",
} as const;

/** Opens no connection yet. */
export function openClient({ url, username, password, ca }: ClientSettings): ClickHouseClient {
  const pool = { keepAlive: true, maxSockets: socketsMax };
  return createClient({
    url: url.origin,
    ...(url.pathname !== "/" && { pathname: url.pathname }),
    username,
    password,
    application: "tidemark",
    // An agent of our own: with its `tls` the client puts the password into a header that can't hold all characters.
    http_agent: url.protocol === "https:" ? new HttpsAgent({ ...pool, ...(ca && { ca }) }) : new HttpAgent(pool),
    // Timers stand still while a function is frozen, so the age of a connection is looked at before it is used again.
    keep_alive: { eagerly_destroy_stale_sockets: true },
    // Off: it counts from packet to packet, so a slow answer would never end. Each insert brings a signal that ends it.
    request_timeout: 0,
    // 500 events take 0.6 ms, from 130 KB to 17; level 6 takes 0.8 ms, to 15.
    compression: { request: { codec: "gzip", level: 1 } },
    // The client would print what the outcome says.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: insertSettings,
  });
}

/** Sends rows, each a line of JSON, and never rejects. The signal cuts the connection. An answer that breaks off counts as failed. */
export async function insertRows(
  client: ClickHouseClient,
  query: string,
  rows: string,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    // The client would only see it fire.
    signal.throwIfAborted();
    const { stream, http_status_code, response_headers } = await client.exec({
      query,
      values: Readable.from([rows]),
      clickhouse_settings: { insert_deduplication_token: tokenOf(rows) },
      abort_signal: signal,
      // Errors come as answers, with status, headers and text; as an exception the client would show one of the three.
      ignore_error_response: true,
      decompress_response_stream: false,
    });
    const body = await readHead(addAbortSignal(signal, stream));
    return { kind: "answered", status: http_status_code ?? 0, headers: response_headers, body };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const said = typeof code === "string" ? code : String(error);
    return { kind: "failed", reason: `no answer: ${said}`, wasReset: code === "ECONNRESET" || code === "EPIPE" };
  }
}

/** The same for the same rows in the same order. Of the content, not of the ids, so that rows which were mended are no repetition. */
function tokenOf(rows: string): string {
  return createHash("sha256").update(rows).digest("hex");
}

async function readHead(stream: Readable): Promise<string> {
  let head = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    if (head.length < bodyMax) head += String(chunk).slice(0, bodyMax - head.length);
  }
  return head;
}
