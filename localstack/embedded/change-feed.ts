import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { WallTimeMs } from "../../shared/core/units.ts";
import type { Document } from "../../shared/ports/state-store.ts";

/** A version of a document that carried an outbox: what a change stream would hold. */
export interface StoredChange {
  /** Counts up over all documents. */
  readonly sequence: number;
  readonly at: WallTimeMs;
  readonly document: Document;
}

/** The changes that a SqliteStateStore has committed. */
export class ChangeFeed {
  readonly #after: StatementSync;

  constructor(database: DatabaseSync) {
    this.#after = database.prepare("SELECT * FROM changes WHERE sequence > ? ORDER BY sequence LIMIT ?");
  }

  /** The next changes behind `sequence`, in order. */
  after(sequence: number, limit: number): StoredChange[] {
    const rows = this.#after.all(sequence, limit) as unknown as ChangeRow[];
    return rows.map(({ sequence, at, key, version, body, outbox }) => ({
      sequence,
      at,
      document: { key, version, body, outbox },
    }));
  }
}

interface ChangeRow {
  readonly sequence: number;
  readonly at: number;
  readonly key: string;
  readonly version: number;
  readonly body: string;
  readonly outbox: string;
}
