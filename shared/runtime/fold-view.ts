import { readPosition } from "../core/position.ts";
import type { FactRecord, Fold } from "../pipelines/pipeline.ts";
import type { StateStore } from "../ports/state-store.ts";
import { isFolded, readTotal, type StoredEntry, type Total } from "./fold.ts";
import { listKey, totalKey } from "./keys.ts";

/** A fold of a pipeline, and where it keeps it. */
export interface FoldView<R extends FactRecord, T> {
  readonly pipeline: { readonly name: string };
  readonly fold: Fold<R, T>;
  readonly store: Pick<StateStore, "entities" | "lists">;
}

/** Part of a key's list, newest first, and the total of all of it. */
export interface ListPage<T> {
  readonly total: Total<T>;
  readonly entries: readonly unknown[];
  /** For `before`, where more is left. */
  readonly next?: string;
}

/** The total of a key; strongly consistent. */
export async function readTotalOf<R extends FactRecord, T>(
  { pipeline, fold, store }: FoldView<R, T>,
  key: string,
): Promise<Total<T>> {
  const name = totalKey(pipeline, fold, key);
  return readTotal(fold.empty, (await store.entities.read([name])).get(name));
}

/**
 * A page of at most `limit` entries of a key's list, those that come before the order `before`. The total is read first, and only what is
 * in it is shown: the list never runs ahead of the total that comes with it.
 */
export async function readListOf<R extends FactRecord, T>(
  view: FoldView<R, T>,
  key: string,
  limit: number,
  before?: string,
): Promise<ListPage<T>> {
  const total = await readTotalOf(view, key);
  // One more than asked for tells whether there is more.
  const wanted = limit + 1;
  const shown: { order: string; entry: unknown }[] = [];
  for (let below = before, isMore = true; isMore && shown.length < wanted; ) {
    const page = await view.store.lists.last(listKey(view.pipeline, key), wanted, below);
    for (const { order, body } of page) {
      const { at, e } = JSON.parse(body) as StoredEntry;
      if (isFolded(total, at[0], readPosition(at[1]))) shown.push({ order, entry: e });
    }
    below = page.at(-1)?.order;
    isMore = page.length === wanted;
  }
  const page = shown.slice(0, limit);
  const next = shown.length > limit ? page.at(-1)?.order : undefined;
  return { total, entries: page.map(({ entry }) => entry), ...(next !== undefined && { next }) };
}
