import type { Document, DocumentTable, StateStore } from "../../shared/ports/state-store.ts";

/** What happens around commits. A hook that throws stands for a store that can't be reached. */
export interface Interposed {
  /** The document is read, stepped and about to be written. */
  beforeCommit?(document: Document): Promise<void> | void;
  /** The document is written; who wrote it doesn't know yet. */
  afterCommit?(document: Document): Promise<void> | void;
}

/** The same store with somebody in between, and without transactions: everybody's reads and writes interleave, as on DynamoDB. */
export function interposedStore(store: StateStore, interposed: Interposed): StateStore {
  const { entities, progress, due, lists } = store;
  return {
    entities: interposedTable(entities, interposed),
    progress: interposedTable(progress, interposed),
    due,
    lists,
  };
}

/** A hook for the first document whose key begins so, or the `nth`; others pass. */
export function once(keyPrefix: string, hook: () => unknown, nth = 1): (document: Document) => Promise<void> {
  let met = 0;
  return async ({ key }) => {
    if (key.startsWith(keyPrefix) && ++met === nth) await hook();
  };
}

/** A hook that says the store is gone. */
export function unreachable(): never {
  throw new Error("the store can't be reached");
}

function interposedTable(table: DocumentTable, { beforeCommit, afterCommit }: Interposed): DocumentTable {
  return {
    // Somebody else's turn, also where the store itself never waits.
    read: async (keys) => {
      await Promise.resolve();
      return table.read(keys);
    },
    async commit(document) {
      await beforeCommit?.(document);
      const outcome = await table.commit(document);
      await afterCommit?.(document);
      return outcome;
    },
  };
}
