import { Client } from "pg";
import { StreamError } from "../../core/errors.ts";
import type { DurationMs } from "../../core/units.ts";
import type { EventRange, EventRow, EventRows } from "../../ports/event-rows.ts";
import { eventRow, type PageRow } from "./event-row.ts";
import { isOver, nextSpan, startWalk, walkOn } from "./id-spans.ts";
import { PatientSession } from "./patient-session.ts";
import {
  type Bounds,
  boundsQuestion,
  type Count,
  countQuestion,
  type Estimate,
  estimateQuestion,
  pageQuestion,
} from "./queries.ts";
import { readServerUrl, type Server } from "./server-url.ts";

export interface PostgresSettings {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE`, as libpq takes it. */
  readonly url: string;
  /** How long the server may take for one page. Default 30 s, as long as a replica lets a question hold back its changes. */
  readonly pageTimeout?: DurationMs;
  /** For how long a page is asked for that can't be had. Default 2 min; a failover takes one. */
  readonly patience?: DurationMs;
}

/**
 * The tables `engagement_events` and `content` of the schema `public`, read a page at a time, each page in a transaction of its own. So
 * the server keeps nothing while a page is worked on, however long that takes, and a lost connection loses no more than a page.
 *
 * A read ends with the greatest id that its range had at the beginning. A page shows what is committed when it is read.
 */
export class PostgresEventRows implements EventRows {
  readonly #server: Server;
  readonly #pageTimeout: DurationMs;
  readonly #patience: DurationMs;
  readonly #sessions = new Set<PatientSession>();
  #isClosed = false;

  /** @throws {StreamError} fault `bug`: a URL that can't be used; the message holds no password. */
  constructor({ url, pageTimeout = 30_000, patience = 120_000 }: PostgresSettings) {
    this.#server = readServerUrl(url);
    this.#pageTimeout = pageTimeout;
    this.#patience = patience;
    refuseUnreadable(this.#server);
  }

  /** Exact where Postgres counts them in a second, else what its planner expects. @throws as `read` does. */
  async count(range: EventRange): Promise<number> {
    const session = this.#openSession();
    try {
      const [estimate] = await session.ask<Estimate>("estimate", () => estimateQuestion(range));
      const counted = await session.once<Count>(countQuestion(range)).catch(() => []);
      return counted[0] ? Number(counted[0].count) : (estimate?.["QUERY PLAN"][0]?.Plan["Plan Rows"] ?? 0);
    } finally {
      await this.#end(session);
    }
  }

  /** @throws {StreamError} fault `dependency`: the server refuses, or is out of reach for longer than the patience lasts. */
  async *read(range: EventRange, portion: number): AsyncGenerator<readonly EventRow[]> {
    const session = this.#openSession();
    try {
      const [bounds] = await session.ask<Bounds>("ids of the range", () => boundsQuestion(range));
      if (!bounds?.least || !bounds.greatest) return;
      let walk = startWalk({ after: BigInt(bounds.least) - 1n, to: BigInt(bounds.greatest) }, portion);
      while (!isOver(walk)) {
        let span = nextSpan(walk);
        const rows = await session.ask<PageRow>(`rows after id ${walk.after}`, (failures) => {
          span = nextSpan(walk, failures);
          return pageQuestion(range, span, portion, this.#pageTimeout);
        });
        const ids = rows.map(({ id }) => id);
        walk = walkOn(walk, span, ids, portion);
        if (rows.length > 0) yield rows.map(eventRow);
      }
    } finally {
      await this.#end(session);
    }
  }

  /** Ends all connections. Reads and counts that are under way fail, as later ones do. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#sessions, (session) => session.end()));
  }

  #openSession(): PatientSession {
    if (this.#isClosed) throw new StreamError("bug", `Postgres ${this.#server.name}: closed`);
    const session = new PatientSession(this.#server, this.#patience);
    this.#sessions.add(session);
    return session;
  }

  async #end(session: PatientSession): Promise<void> {
    this.#sessions.delete(session);
    await session.end();
  }
}

/** The driver reads the files that a URL names when it makes a client. */
function refuseUnreadable({ name, connectionString }: Server): void {
  try {
    new Client({ connectionString });
  } catch (error) {
    throw new StreamError(
      "bug",
      `Postgres URL ${name}: ${error instanceof Error ? error.message : "it can't be used"}`,
    );
  }
}
