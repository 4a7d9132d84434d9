import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { EventRange, EventRow } from "../../shared/ports/event-rows.ts";
import { PostgresEventRows, type PostgresSettings } from "../../shared/sources/postgres/postgres-event-rows.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

const tables = readFileSync(new URL("../../infra/capture/tables.sql", import.meta.url), "utf8");

/** A role that may do what a backfill needs. */
const reader = `CREATE ROLE reader LOGIN PASSWORD 'of rows';
  GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON public.engagement_events, public.content TO reader`;

export interface RowsWorld extends Postgres {
  readonly readerUrl: string;
  /** Opens a reader, which is closed with the world. */
  open(settings?: Partial<PostgresSettings>): PostgresEventRows;
  /** Adds an event; what is left out is that of event 1. */
  add(event?: Partial<StoredEvent>): Promise<void>;
  /** What its readers' connections do, as the server sees it. */
  readerStates(): Promise<unknown[]>;
}

export interface StoredEvent {
  readonly id: string;
  readonly content_id: string;
  readonly user_id: string;
  readonly event_type: string;
  readonly event_ts: string;
  readonly duration_ms: string | null;
  readonly device: string | null;
}

const event1: StoredEvent = {
  id: "1",
  content_id: "1",
  user_id: "user_1",
  event_type: "play",
  event_ts: "2024-01-01T12:10:00Z",
  duration_ms: "7000",
  device: "ios",
};

/** A database with the tables of this repository. */
export async function startRowsWorld(): Promise<RowsWorld> {
  const postgres = await startPostgres();
  if ("skipped" in postgres) throw new Error(postgres.skipped);
  const { query } = postgres;
  await query(tables);
  await query(reader);
  const url = postgres.url.replace("postgres:tidemark@", "reader:of%20rows@");
  const readers: PostgresEventRows[] = [];
  return {
    ...postgres,
    readerUrl: url,
    open(settings = {}) {
      const reader = new PostgresEventRows({ url, ...settings });
      readers.push(reader);
      return reader;
    },
    async add(event = {}) {
      const columns = Object.entries({ ...event1, ...event });
      const [names, values] = [columns.map(([name]) => name), columns.map(([, value]) => value)];
      const places = names.map((_, i) => `$${i + 1}`);
      await query(`INSERT INTO engagement_events (${names}) VALUES (${places})`, values);
    },
    async readerStates() {
      const ours = "application_name = 'tidemark-backfill'";
      const { rows } = await query(`SELECT state, backend_xmin::text AS holds FROM pg_stat_activity WHERE ${ours}`);
      return rows;
    },
    async stop() {
      for (const reader of readers) await reader.close();
      await postgres.stop();
    },
  };
}

export const rangeOf = (start: string, end: string, after?: string): EventRange => ({
  start: Date.parse(start),
  end: Date.parse(end),
  ...(after !== undefined && { after }),
});

/** All of 2024. */
export const year = rangeOf("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z");

export async function readAll(reader: PostgresEventRows, range: EventRange, portion = 500): Promise<EventRow[]> {
  return (await Array.fromAsync(reader.read(range, portion))).flat();
}

export async function idsIn(reader: PostgresEventRows, range: EventRange, portion?: number): Promise<string[]> {
  return (await readAll(reader, range, portion)).map(({ id }) => id);
}

/** A way to a server that can be cut. */
export interface Way {
  readonly port: number;
  /** Bytes that came from the server. */
  readonly received: number;
  /** Breaks what is connected, and refuses what wants to be. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** Lets nothing more through of what is connected, either way, without a word. */
  silence(): void;
}

export async function openWay(port: number): Promise<Way> {
  const sockets = new Set<Socket>();
  let received = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    const upstream = keep(connect(port, "127.0.0.1"));
    upstream.on("data", (chunk) => {
      received += chunk.length;
    });
    keep(client).pipe(upstream).pipe(client);
  });
  const own = await listen(server, 0);
  return {
    port: own,
    get received() {
      return received;
    },
    async cut() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
    silence() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async restore() {
      await listen(server, own);
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
