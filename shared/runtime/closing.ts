import { StreamError } from "../core/errors.ts";
import type { DurationMs, EventTimeMs } from "../core/units.ts";
import type { Watermark } from "../core/watermark.ts";
import type { Document, DocumentTable } from "../ports/state-store.ts";

/** How far a scope is closed. */
export interface Closing {
  readonly version: number;
  /** F: results before it have their final rows. Always a bucket boundary. */
  readonly closed: Watermark;
  /** A: a closing up to here has been announced, so that nobody judges by an older watermark. */
  readonly announced: Watermark;
  /** Final rows written. */
  readonly finals: number;
}

interface StoredClosing {
  closed?: EventTimeMs;
  announced?: EventTimeMs;
  finals: number;
  interval: DurationMs;
}

export const notClosed: Closing = { version: 0, closed: undefined, announced: undefined, finals: 0 };

/**
 * @throws {StreamError} fault `bug`: the stored buckets have another length than `interval`. Buckets of two lengths don't line up, so
 * rows of one could be missed by the other.
 */
export function readClosing(document: Document | undefined, interval: DurationMs): Closing {
  if (!document) return notClosed;
  const stored = JSON.parse(document.body) as StoredClosing;
  if (stored.interval !== interval) {
    throw new StreamError(
      "bug",
      `${document.key}: this state closes buckets of ${stored.interval} ms, the setting says ${interval} ms; keep it, or start from fresh state`,
    );
  }
  return { version: document.version, closed: stored.closed, announced: stored.announced, finals: stored.finals };
}

/** Stores a closing if it still is as it was read. `closing.version` is that of the one that was read. */
export function commitClosing(table: DocumentTable, key: string, closing: Closing, interval: DurationMs) {
  const stored: StoredClosing = {
    ...(closing.closed !== undefined && { closed: closing.closed }),
    ...(closing.announced !== undefined && { announced: closing.announced }),
    finals: closing.finals,
    interval,
  };
  return table.commit({ key, version: closing.version + 1, body: JSON.stringify(stored) });
}
