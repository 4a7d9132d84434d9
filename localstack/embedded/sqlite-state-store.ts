import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Document, DocumentTable, DueLists, EntryLists, StateStore } from "../../shared/ports/state-store.ts";
import { ChangeFeed } from "./change-feed.ts";
import { SqliteDueLists, SqliteEntryLists } from "./sqlite-lists.ts";
import { SqliteTable } from "./sqlite-tables.ts";

export interface SqliteStateStoreOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly clock: Clock;
  /** Whether the store offers `atomically`; without it, handlers interleave as they do on DynamoDB. Default true. */
  readonly atomic?: boolean;
  /** Only to look at: nothing is made or changed, and the process that owns the file may be at work on it. Default false. */
  readonly readOnly?: boolean;
}

const schema = `
  CREATE TABLE IF NOT EXISTS entities (key TEXT PRIMARY KEY, version INTEGER, body TEXT, settled TEXT, outbox TEXT, expires_at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS progress (key TEXT PRIMARY KEY, version INTEGER, body TEXT, settled TEXT, outbox TEXT, expires_at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS due (
    scope TEXT, bucket_end INTEGER, name TEXT, keys TEXT, PRIMARY KEY (scope, bucket_end, name)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (list TEXT, place TEXT, body TEXT, PRIMARY KEY (list, place)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS changes (sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, key TEXT, version INTEGER, body TEXT, outbox TEXT);
  CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS expiring ON entities (expires_at) WHERE expires_at IS NOT NULL;
`;
/** Keys that are listed at a time. */
const keysPerPage = 1_000;

/**
 * The state of a local run, in one SQLite database that one process owns.
 *
 * Within a transaction documents are written to memory, and to disk once, as they are at its end: a key that changes a hundred times
 * costs one write.
 */
export class SqliteStateStore implements StateStore {
  readonly entities: DocumentTable;
  readonly progress: DocumentTable;
  readonly due: DueLists;
  readonly lists: EntryLists;
  readonly changes: ChangeFeed;
  readonly atomically?: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #database: DatabaseSync;
  readonly #tables: readonly SqliteTable[];
  readonly #changes: { add: StatementSync; forget: StatementSync };
  readonly #notes: { get: StatementSync; set: StatementSync };
  readonly #keys: StatementSync;
  readonly #removeExpired: StatementSync;
  readonly #clock: Clock;
  #changed: Document[] = [];
  #inLine: Promise<unknown> = Promise.resolve();
  #transaction: "none" | "open" | "broken" = "none";
  #isGroup = false;

  constructor({ path, clock, atomic = true, readOnly = false }: SqliteStateStoreOptions) {
    const database = new DatabaseSync(path, { readOnly });
    if (!readOnly) prepare(database);
    this.#database = database;
    this.#clock = clock;
    const written = (document: Document) => this.#written(document);
    const entities = new SqliteTable(database, "entities", clock, written);
    const progress = new SqliteTable(database, "progress", clock, written);
    this.entities = entities;
    this.progress = progress;
    this.due = new SqliteDueLists(database);
    this.lists = new SqliteEntryLists(database);
    this.#tables = [entities, progress];
    this.changes = new ChangeFeed(database);
    this.#changes = {
      add: database.prepare("INSERT INTO changes (at, key, version, body, outbox) VALUES (?, ?, ?, ?, ?)"),
      forget: database.prepare("DELETE FROM changes WHERE sequence <= ?"),
    };
    this.#notes = {
      get: database.prepare("SELECT value FROM notes WHERE name = ?"),
      set: database.prepare("INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
    };
    this.#keys = database.prepare("SELECT key FROM entities WHERE key > ? AND key < ? ORDER BY key LIMIT ?");
    this.#removeExpired = database.prepare(
      "DELETE FROM entities WHERE key IN (SELECT key FROM entities WHERE expires_at <= ? LIMIT ?)",
    );
    if (atomic) this.atomically = (work) => (this.#isGroup ? this.#part(work) : this.#alone(() => this.#whole(work)));
  }

  /**
   * Runs `work`, whatever it stores, as one transaction: on disk as a whole, once, or not at all. What `atomically` runs inside is part
   * of it, and when that fails, so does all of it.
   */
  group<T>(work: () => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      this.#isGroup = true;
      try {
        return await this.#whole(work);
      } finally {
        this.#isGroup = false;
      }
    });
  }

  forgetChanges(upTo: number): void {
    this.#changes.forget.run(upTo);
  }

  /**
   * The keys of all entities that begin with `prefix`, which ends in ASCII, and go on behind it; by code point. What a transaction has
   * written is among them from its end on.
   */
  *entityKeys(prefix: string): Generator<string> {
    const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    for (let after = prefix, isMore = true; isMore; ) {
      const page = this.#keys.all(after, end, keysPerPage) as unknown as { key: string }[];
      for (const { key } of page) yield key;
      after = page.at(-1)?.key ?? end;
      isMore = page.length === keysPerPage;
    }
  }

  /** Makes room where entities have expired, at most `max` at once. For every reader they were gone already. @returns how many. */
  removeExpired(max: number): number {
    return Number(this.#removeExpired.run(this.#clock.now(), max).changes);
  }

  /** What the runner itself has to remember, in the same transactions as the state. */
  note(name: string): string | undefined {
    return (this.#notes.get.get(name) as { value: string } | undefined)?.value;
  }

  setNote(name: string, value: string): void {
    this.#notes.set.run(name, value);
  }

  close(): void {
    this.#database.close();
  }

  #written(document: Document): void {
    if (document.outbox !== undefined) this.#changed.push(document);
    if (this.#transaction === "none") this.#flush();
  }

  #flush(): void {
    for (const table of this.#tables) table.flush();
    const now = this.#clock.now();
    for (const { key, version, body, outbox } of this.#changed)
      this.#changes.add.run(now, key, version, body, outbox as string);
    this.#changed = [];
  }

  /** One at a time: a SQLite connection has one transaction. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#inLine.then(work, work);
    this.#inLine = turn.catch(() => {});
    return turn;
  }

  async #whole<T>(work: () => Promise<T>): Promise<T> {
    this.#database.exec("BEGIN");
    this.#transaction = "open";
    try {
      const answer = await work();
      if ((this.#transaction as string) === "broken") throw new Error("a part of the transaction has failed");
      this.#flush();
      this.#database.exec("COMMIT");
      return answer;
    } catch (error) {
      for (const table of this.#tables) table.forget();
      this.#changed = [];
      this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#transaction = "none";
    }
  }

  async #part<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#transaction = "broken";
      throw error;
    }
  }
}

function prepare(database: DatabaseSync): void {
  // Readers of other processes (tidemark watermarks) may look while this one writes; a commit is on disk when it returns.
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 8000;",
  );
  database.exec(schema);
}
