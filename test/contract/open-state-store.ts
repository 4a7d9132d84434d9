import type { CommitOutcome, Document, StateStore } from "../../shared/ports/state-store.ts";

/** A fresh, empty store whose clock the tests set; it stands at `start`. */
export interface OpenStateStore {
  readonly store: StateStore;
  setNow(ms: number): void;
  close(): Promise<void> | void;
}

export type Fresh = () => Promise<OpenStateStore>;

export const start = Date.parse("2026-03-01T10:05:00.000Z");
export const committed: CommitOutcome = { kind: "committed" };
export const conflict = (found: Document | undefined): CommitOutcome => ({ kind: "conflict", found });

export const doc = (key: string, version: number, rest: Partial<Document> = {}): Document => ({
  key,
  version,
  body: `{"of":${version}}`,
  ...rest,
});

export const hostileKeys = [
  "'; DROP TABLE entities; --",
  '"quoted"',
  "back\\slash",
  "a|b",
  "a|b|",
  "|",
  "due|attribution|0",
  "%_*?[a-z]",
  "line\nbreak",
  " leading and trailing ",
  "-",
  "0",
  "__proto__",
  "constructor",
  "ü",
  "u\u0308",
  "\ue000",
  "🦀",
  "👩‍👩‍👧‍👦",
  "\uffff",
];

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Forty at a time: an endpoint that is real has only so many connections. */
export async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += 40) await Promise.all(items.slice(at, at + 40).map(work));
}
