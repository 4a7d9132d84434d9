import type { EventTimeMs, WallTimeMs } from "../core/units.ts";

/** One stored thing. Everything the engine keeps is a document: the state of a key, a partition's progress, a closing. */
export interface Document {
  /** 1 to 2,048 UTF-8 bytes. */
  readonly key: string;
  /** 1 for the first write, one more with each. */
  readonly version: number;
  /** JSON text. At most 380 KiB together with `settled` and `outbox`: DynamoDB takes items up to 400 KB. */
  readonly body: string;
  /** What only has to wait here and isn't read when the document is: lines of text, apart from the body. The change feed may leave it out. */
  readonly settled?: string;
  /** JSON text: what of `body` must leave at once. A version that carries one appears in the change feed, once. */
  readonly outbox?: string;
  /**
   * From this wall time on the document counts as absent, whether or not the store has removed it yet. A store may round it up to full
   * seconds (DynamoDB's TTL knows no others), and then tells the rounded time.
   */
  readonly expiresAt?: WallTimeMs;
}

/** A lost race is an answer, and it says who won: `found` is the document as it stands now, `undefined` where there is none. */
export type CommitOutcome =
  | { readonly kind: "committed" }
  | { readonly kind: "conflict"; readonly found: Document | undefined };

/** Versioned documents with single-document conditional writes and strongly consistent reads. */
export interface DocumentTable {
  /** The documents of `keys` (no key twice) that exist and haven't expired. Any number of keys. */
  read(keys: readonly string[]): Promise<Map<string, Document>>;
  /**
   * Writes `document` if the stored version is `document.version - 1` (0: there is none, or it has expired). Where the stored
   * document is, to the letter, the one to be written, the answer is `committed`: an earlier answer was lost.
   */
  commit(document: Document): Promise<CommitOutcome>;
}

/** The keys whose results a closing bucket of event time holds, as one batch of one source reported them. */
export interface DueList {
  /** Pipeline and partition, as in `attribution|0`: what one closing covers. */
  readonly scope: string;
  /** The bucket's end, exclusive. */
  readonly bucketEnd: EventTimeMs;
  /** Tells apart the lists of one bucket. The same name always comes with the same keys, so writing it again changes nothing. */
  readonly name: string;
  readonly keys: readonly string[];
}

/** Due lists per closing scope, in order of bucket end. */
export interface DueLists {
  append(lists: readonly DueList[]): Promise<void>;
  /** The lists of `scope` whose bucket ends at or before `until`, by bucket end; strongly consistent. */
  upTo(scope: string, until: EventTimeMs): AsyncIterable<DueList>;
  /** Removes lists; one that is not there is no error. */
  remove(lists: readonly Pick<DueList, "scope" | "bucketEnd" | "name">[]): Promise<void>;
}

/** One line of a list. */
export interface Entry {
  /** The list, 1 to 2,048 UTF-8 bytes. */
  readonly list: string;
  /** Its place in the list, 1 to 100 ASCII characters, the first of them a digit, compared as text. The same place always comes with the same body. */
  readonly order: string;
  /** JSON text. */
  readonly body: string;
}

/** Lists that grow and are read from their end. */
export interface EntryLists {
  /** Any number of entries; one that is there already stays as it is. */
  append(entries: readonly Entry[]): Promise<void>;
  /** The last `limit` (1 to 1,000) entries of a list, from its end; with `before` the last of those whose order is below it. Strongly consistent. */
  last(list: string, limit: number, before?: string): Promise<Entry[]>;
}

/**
 * Where the engine keeps what it knows.
 *
 * `entities` holds the state of keys and its outboxes, and is what the change feed covers; `progress` holds partition rows and closings.
 */
export interface StateStore {
  readonly entities: DocumentTable;
  readonly progress: DocumentTable;
  readonly due: DueLists;
  readonly lists: EntryLists;
  /**
   * Where the store can: runs `work` so that all or none of its writes last, and nobody else's come between.
   * The engine is right without it; with it, counts are exact under kills too.
   */
  atomically?<T>(work: () => Promise<T>): Promise<T>;
}
