import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Clock } from "../../shared/ports/clock.ts";
import type { CommitOutcome, Document, DocumentTable } from "../../shared/ports/state-store.ts";

/** Documents kept in memory between transactions; beyond that all of them are forgotten. */
const cachedMax = 20_000;

interface DocumentRow {
  key: string;
  version: number;
  body: string;
  settled: string | null;
  outbox: string | null;
  expires_at?: number | null;
}

function documentOf({ key, version, body, settled, outbox, expires_at }: DocumentRow): Document {
  return {
    key,
    version,
    body,
    ...(settled !== null && { settled }),
    ...(outbox !== null && { outbox }),
    ...(expires_at != null && { expiresAt: expires_at }),
  };
}

/** Documents; what is written is kept in memory until `flush`. */
export class SqliteTable implements DocumentTable {
  readonly #clock: Clock;
  readonly #written: (document: Document) => void;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #cached = new Map<string, Document | undefined>();
  readonly #dirty = new Set<string>();

  constructor(database: DatabaseSync, table: string, clock: Clock, written: (document: Document) => void) {
    this.#clock = clock;
    this.#written = written;
    this.#get = database.prepare(`SELECT * FROM ${table} WHERE key = ?`);
    this.#put = database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?, ?, ?)`);
  }

  async read(keys: readonly string[]): Promise<Map<string, Document>> {
    const found = new Map<string, Document>();
    for (const key of keys) {
      const document = this.#find(key);
      if (document) found.set(key, document);
    }
    if (this.#dirty.size === 0) this.#bound();
    return found;
  }

  async commit(document: Document): Promise<CommitOutcome> {
    const found = this.#find(document.key);
    if ((found?.version ?? 0) !== document.version - 1) {
      return found && isSame(found, document) ? { kind: "committed" } : { kind: "conflict", found };
    }
    this.#cached.set(document.key, document);
    this.#dirty.add(document.key);
    this.#written(document);
    return { kind: "committed" };
  }

  /** Writes to the database what was written to memory. */
  flush(): void {
    for (const key of this.#dirty) {
      const { version, body, settled, outbox, expiresAt } = this.#cached.get(key) as Document;
      this.#put.run(key, version, body, settled ?? null, outbox ?? null, expiresAt ?? null);
    }
    this.#dirty.clear();
    this.#bound();
  }

  /** Forgets what was written to memory, and all that was read. */
  forget(): void {
    this.#dirty.clear();
    this.#cached.clear();
  }

  #bound(): void {
    if (this.#cached.size > cachedMax) this.#cached.clear();
  }

  #find(key: string): Document | undefined {
    let document = this.#cached.get(key);
    if (!document && !this.#cached.has(key)) {
      const row = this.#get.get(key) as DocumentRow | undefined;
      document = row && documentOf(row);
      this.#cached.set(key, document);
    }
    return document?.expiresAt !== undefined && document.expiresAt <= this.#clock.now() ? undefined : document;
  }
}

function isSame(a: Document, b: Document): boolean {
  return (
    a.version === b.version &&
    a.body === b.body &&
    a.settled === b.settled &&
    a.outbox === b.outbox &&
    a.expiresAt === b.expiresAt
  );
}
