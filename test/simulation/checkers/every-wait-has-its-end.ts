import { comparePositions, type Position, readPosition, type StoredPosition } from "../../../shared/core/position.ts";
import type { Document } from "../../../shared/ports/state-store.ts";
import { readRow } from "../../../shared/runtime/partition-row.ts";
import type { CheckerOf } from "./checker.ts";

interface StoredMore {
  readonly d?: unknown;
  readonly w?: string;
  readonly o?: true;
}

/**
 * Semantics of enrichment: once the watermark has passed everything no event waits, and none has waited in vain for a content that stood
 * there while it could still be had. Contents that are ever deleted may have gone again meanwhile; of those this says nothing.
 */
export const everyWaitHasItsEnd: CheckerOf = (world, fail) => {
  const { topics, tables, settings, running } = world;
  /** The facts that waited beside their content, in time, and what they waited for. */
  const met = new Map<string, string>();
  return {
    name: "every wait has its end",
    onWritten(table, document) {
      if (running.name !== "engagement") return;
      const [kind, second, topic = "", partition] = document.key.split("|");
      if (table === "entities" && second === "0") notice(document);
      if (table === "entities" && second === "table") {
        const [, , at, content] = document.key.split("|");
        for (const [key, fact] of tables.documents.entities)
          if (key.startsWith("engagement|0|") && waitsFor(fact) === `${at}|${content}`) notice(fact);
      }
      if (kind !== "row" || !running.tables.includes(topic)) return;
      const { next } = readRow(document);
      for (const [key, fact] of tables.documents.entities) {
        const waited = key.startsWith("engagement|0|") ? waitsFor(fact) : undefined;
        if (waited?.startsWith(`${partition}|`) && stands(waited, next)) notice(fact);
      }
    },
    atEnd() {
      if (running.name !== "engagement") return;
      for (const [key, document] of tables.documents.entities) {
        const more = key.startsWith("engagement|0|") ? moreOf(document) : {};
        const isFlush = more.w?.includes('"flush"') === true;
        if (more.w !== undefined && more.d === undefined && !more.o && !isFlush) fail(`${key} still waits`);
        const waited = met.get(key);
        if (more.o && more.d === undefined && waited !== undefined && !isEverDeleted(waited))
          fail(`${key} has waited in vain for a content that stood there`);
      }
    },
  };

  function notice(document: Document): void {
    const waited = waitsFor(document);
    if (waited === undefined) return;
    const row = tables.documents.entities.get(`engagement|table|${waited}`);
    if (!row || (JSON.parse(row.body) as unknown[])[1] === null) return;
    const { event_ts } = (JSON.parse(moreOf(document).w ?? "{}") as { after: { event_ts: number } }).after;
    const { enrichmentWait, allowedLateness } = settings as unknown as Record<string, number>;
    const times = topics.all.map(({ of }) => of.time ?? 0);
    if (Math.max(...times) - (allowedLateness ?? 0) <= event_ts + (enrichmentWait ?? 0)) met.set(document.key, waited);
  }

  /** Whether the change that a row of the table comes from is done. */
  function stands(waited: string, next: Position): boolean {
    const row = tables.documents.entities.get(`engagement|table|${waited}`);
    const [at] = row ? (JSON.parse(row.body) as [StoredPosition]) : [];
    return at !== undefined && comparePositions(readPosition(at), next) < 0;
  }

  function isEverDeleted(waited: string): boolean {
    const [partition, content] = waited.split("|");
    return topics.all.some(({ topic, partition: at, value }) => {
      const text = value === null ? "" : Buffer.from(value).toString();
      return (
        topic.endsWith(".content") && at === Number(partition) && text.includes(`"before":{"content_id":${content}}`)
      );
    });
  }
};

/** `partition|content` of a fact that waits, `undefined` of any other. */
function waitsFor(document: Document): string | undefined {
  const { w, d, o } = moreOf(document);
  if (w === undefined || d !== undefined || o) return undefined;
  const { content_id } = (JSON.parse(w) as { after: { content_id: string } }).after;
  const [lane = ""] = JSON.parse(document.body) as [string];
  return `${lane.split(".")[1]}|${content_id}`;
}

function moreOf({ body }: Document): StoredMore {
  return (JSON.parse(body) as [string, unknown, number, StoredMore?])[3] ?? {};
}
