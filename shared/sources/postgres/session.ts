import { Socket } from "node:net";
import { Client } from "pg";
import type { DurationMs } from "../../core/units.ts";

export interface Question {
  readonly text: string;
  readonly values: readonly (string | number)[];
  /** How long the server may take to answer it. */
  readonly timeLimit: DurationMs;
}

interface Connection {
  readonly client: Client;
  readonly socket: Socket;
  /** Rejects where no connection came about. */
  readonly opening: Promise<unknown>;
  isOpen: boolean;
  isLost: boolean;
}

interface Limits {
  readonly connecting: DurationMs;
  /** All but the question itself: ways there and back, and the statements around it. */
  readonly roundTrips: DurationMs;
  readonly goodbye: DurationMs;
}

const defaultLimits: Limits = { connecting: 10_000, roundTrips: 10_000, goodbye: 1_000 };
const keepAliveAfter: DurationMs = 30_000;

/** One connection at a time to a server, opened when there is something to ask, and again after a failure. */
export class Session {
  readonly #connectionString: string;
  readonly #limits: Limits;
  #connection: Connection | undefined;
  #hasConnected = false;

  constructor(connectionString: string, limits = defaultLimits) {
    this.#connectionString = connectionString;
    this.#limits = limits;
  }

  /**
   * Asks in a transaction of its own that can't write; one question at a time. What it sets holds for that transaction: so the question
   * means the same whatever server, database and user are set to, and a pooler in between hands no setting of ours to others.
   */
  async ask<R extends object>({ text, values, timeLimit }: Question): Promise<R[]> {
    if (this.#connection?.isLost) await this.end();
    this.#connection ??= open(this.#connectionString, this.#limits.connecting);
    const { client, socket, opening } = this.#connection;
    const limit = this.#limits.connecting + this.#limits.roundTrips + timeLimit;
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${limit} ms`)), limit);
    try {
      await opening;
      this.#hasConnected = true;
      await client.query(
        `BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = ${timeLimit};
         SET LOCAL TimeZone = 'UTC'; SET LOCAL search_path = pg_catalog`,
      );
      const { rows } = await client.query<R>(text, [...values]);
      await client.query("COMMIT");
      return rows;
    } catch (error) {
      await this.end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether it ever came as far as to ask something. */
  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  /** A question that is under way fails. */
  async end(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (!connection) return;
    const { client, socket, isOpen } = connection;
    // Ended politely while it connects, the driver would never say that it doesn't.
    if (!isOpen) socket.destroy(new Error("Connection terminated"));
    // And later it waits for the other side to hang up, which may be gone.
    const timer = setTimeout(() => socket.destroy(), this.#limits.goodbye);
    await client.end();
    clearTimeout(timer);
  }
}

function open(connectionString: string, connectionTimeoutMillis: DurationMs): Connection {
  const socket = new Socket();
  const client = new Client({
    connectionString,
    application_name: "tidemark-backfill",
    connectionTimeoutMillis,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfter,
    stream: () => socket,
  });
  const opening = client.connect().then(() => {
    connection.isOpen = true;
  });
  const connection: Connection = { client, socket, opening, isOpen: false, isLost: false };
  // What happens between two questions is nobody's failure yet.
  client.on("error", () => {
    connection.isLost = true;
  });
  return connection;
}
