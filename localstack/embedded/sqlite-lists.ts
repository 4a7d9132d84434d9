import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { EventTimeMs } from "../../shared/core/units.ts";
import type { DueList, DueLists, Entry, EntryLists } from "../../shared/ports/state-store.ts";

export class SqliteDueLists implements DueLists {
  readonly #put: StatementSync;
  readonly #upTo: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare("INSERT OR REPLACE INTO due VALUES (?, ?, ?, ?)");
    this.#upTo = database.prepare("SELECT * FROM due WHERE scope = ? AND bucket_end <= ? ORDER BY bucket_end, name");
    this.#delete = database.prepare("DELETE FROM due WHERE scope = ? AND bucket_end = ? AND name = ?");
  }

  async append(lists: readonly DueList[]): Promise<void> {
    for (const { scope, bucketEnd, name, keys } of lists) this.#put.run(scope, bucketEnd, name, JSON.stringify(keys));
  }

  async *upTo(scope: string, until: EventTimeMs): AsyncGenerator<DueList> {
    // Read whole: the caller removes lists on its way.
    for (const row of this.#upTo.all(scope, until) as unknown as { bucket_end: number; name: string; keys: string }[]) {
      yield { scope, bucketEnd: row.bucket_end, name: row.name, keys: JSON.parse(row.keys) as string[] };
    }
  }

  async remove(lists: readonly Pick<DueList, "scope" | "bucketEnd" | "name">[]): Promise<void> {
    for (const { scope, bucketEnd, name } of lists) this.#delete.run(scope, bucketEnd, name);
  }
}

export class SqliteEntryLists implements EntryLists {
  readonly #put: StatementSync;
  readonly #last: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)");
    this.#last = database.prepare("SELECT * FROM entries WHERE list = ? AND place < ? ORDER BY place DESC LIMIT ?");
  }

  async append(entries: readonly Entry[]): Promise<void> {
    for (const { list, order, body } of entries) this.#put.run(list, order, body);
  }

  async last(list: string, limit: number, before = afterAll): Promise<Entry[]> {
    const rows = this.#last.all(list, before, limit) as unknown as { place: string; body: string }[];
    return rows.map(({ place, body }) => ({ list, order: place, body }));
  }
}

/** Orders are ASCII, which all of this comes after. */
const afterAll = "\u{10ffff}";
