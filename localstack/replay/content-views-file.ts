import { contentViews, topContent } from "../../functions/content-views.ts";
import { contentTotals, minuteTotals } from "../../shared/pipelines/engagement/totals.ts";
import { totalKey } from "../../shared/runtime/keys.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { objectText, writeViewFile } from "./view-file.ts";

const engagement = { name: "engagement" };
/** What the API ranks unless it is asked for less or more. */
const topMinutes = 10;

/** Writes what the API would answer of every content, one content per line, as one JSON object. */
export function writeContentViews(store: SqliteStateStore, path: string): Promise<void> {
  return writeViewFile(path, objectText(contents(store)));
}

/** Writes the ranking of the last minutes, as of the newest event. */
export async function writeTopContent(store: SqliteStateStore, partitions: number, path: string): Promise<void> {
  const latest = newestMinute(store);
  const top =
    latest === undefined ? [] : await topContent(store, partitions, latest, topMinutes, Number.POSITIVE_INFINITY);
  const lines = top.map((content) => JSON.stringify(content));
  await writeViewFile(path, textOf(lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`));
}

async function* contents(store: SqliteStateStore) {
  // Nothing is too old here.
  const views = contentViews({ store, partitions: 0, clock: undefined });
  const prefix = totalKey(engagement, contentTotals, "");
  for (const key of store.entityKeys(prefix)) {
    const contentId = key.slice(prefix.length);
    const minutes = (await views.minutes(contentId)).map(({ minute, count }) => [minute, count]);
    const view = {
      count: await views.count(contentId),
      last: (await views.last(contentId)) ?? null,
      minutes: Object.fromEntries(minutes),
    };
    yield [contentId, textOf(JSON.stringify(view))] as const;
  }
}

/** The start of the latest minute that has an event. */
function newestMinute(store: SqliteStateStore): number | undefined {
  const prefix = totalKey(engagement, minuteTotals, "");
  let newest: number | undefined;
  for (const key of store.entityKeys(prefix)) {
    newest = Math.max(newest ?? 0, Number(key.slice(prefix.length).split("|")[0]));
  }
  return newest;
}

async function* textOf(text: string): AsyncGenerator<string> {
  yield text;
}
