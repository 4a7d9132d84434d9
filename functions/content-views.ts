import { rowToJson } from "../shared/core/row.ts";
import type { EventTimeMs, WallTimeMs } from "../shared/core/units.ts";
import { enrichedEventColumns, enrichedRow } from "../shared/pipelines/engagement/engagement.ts";
import { type Content, parseEvent } from "../shared/pipelines/engagement/records.ts";
import {
  contentTotals,
  type LastEvent,
  minuteAt,
  minuteKeptFor,
  minuteKey,
  minuteName,
  minuteTotals,
} from "../shared/pipelines/engagement/totals.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { ContentCount, ContentViews, EnrichedEvent } from "../shared/ports/content-views.ts";
import type { StateStore } from "../shared/ports/state-store.ts";
import { readFact } from "../shared/runtime/fact.ts";
import { readTotal } from "../shared/runtime/fold.ts";
import { readTotalOf } from "../shared/runtime/fold-view.ts";
import { factKey, totalKey } from "../shared/runtime/keys.ts";

const pipeline = { name: "engagement" };
const minuteMs = 60_000;

export interface ContentViewsOptions {
  readonly store: Pick<StateStore, "entities" | "lists">;
  /** Of the topic of events. */
  readonly partitions: number;
  /** What is too old by it isn't shown. Without one nothing is too old, and there is no top of the last minutes. */
  readonly clock: Clock | undefined;
}

/** What was engaged with, as the engagement pipeline keeps it. */
export function contentViews({ store, partitions, clock }: ContentViewsOptions): ContentViews {
  const view = { pipeline, fold: contentTotals, store };
  const isOver = (until: WallTimeMs) => clock !== undefined && clock.now() >= until;
  return {
    async last(contentId) {
      const { last } = (await readTotalOf(view, contentId)).total;
      return last && !isOver(last.until) ? enrichedEvent(store, last) : undefined;
    },
    async count(contentId) {
      return (await readTotalOf(view, contentId)).count;
    },
    async minutes(contentId) {
      const { minutes } = (await readTotalOf(view, contentId)).total;
      return minutes
        .filter(([start]) => !isOver(start + minuteKeptFor))
        .map(([start, count]) => ({ minute: minuteName(start), count }));
    },
    async top(minutes, limit) {
      return clock ? topContent(store, partitions, minuteAt(clock.now()), minutes, limit) : [];
    },
  };
}

/** The contents with the most events in the `minutes` minutes of which the last begins at `latest`, the highest first, then by id. */
export async function topContent(
  store: Pick<StateStore, "entities">,
  partitions: number,
  latest: EventTimeMs,
  minutes: number,
  limit: number,
): Promise<ContentCount[]> {
  const starts = Array.from({ length: minutes }, (_, back) => latest - back * minuteMs);
  const keys = starts.flatMap((start) =>
    Array.from({ length: partitions }, (_, partition) => totalKey(pipeline, minuteTotals, minuteKey(start, partition))),
  );
  const counts = new Map<string, number>();
  for (const document of (await store.entities.read(keys)).values()) {
    for (const [contentId, count] of Object.entries(readTotal(minuteTotals.empty, document).total)) {
      counts.set(contentId, (counts.get(contentId) ?? 0) + count);
    }
  }
  return Array.from(counts, ([contentId, count]) => ({ contentId, count }))
    .sort((a, b) => b.count - a.count || compareNumerically(a.contentId, b.contentId))
    .slice(0, limit);
}

/** With what it was found to belong to, which may have come after it. */
async function enrichedEvent(
  store: Pick<StateStore, "entities">,
  { id, text }: LastEvent,
): Promise<EnrichedEvent | undefined> {
  const key = factKey(pipeline, id);
  const document = (await store.entities.read([key])).get(key);
  const parsed = parseEvent(new TextEncoder().encode(text), { includeSnapshot: false });
  if (parsed.kind !== "record") return undefined;
  const fact = document ? readFact<Content>(document) : { found: null, revision: 1 };
  return rowToJson(enrichedEventColumns, enrichedRow(parsed.record, fact));
}

function compareNumerically(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
