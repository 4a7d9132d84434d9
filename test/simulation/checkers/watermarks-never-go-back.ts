import { comparePositions } from "../../../shared/core/position.ts";
import { type Watermark, watermarkOf } from "../../../shared/core/watermark.ts";
import type { Document } from "../../../shared/ports/state-store.ts";
import { readClosing } from "../../../shared/runtime/closing.ts";
import { readRow } from "../../../shared/runtime/partition-row.ts";
import type { CheckerOf } from "./checker.ts";

/** Invariant 4: M, next positions, highest timestamps, floors, F and A only grow, and no claim judges by less than its own floor. */
export const watermarksNeverGoBack: CheckerOf = ({ running, settings }, fail) => ({
  name: "watermarks never go back",
  onWritten(table, document, before) {
    if (table !== "progress") return;
    const claimed = document.key.startsWith("row|") ? readRow(document) : undefined;
    if (claimed?.claim && running.sources.includes(document.key.split("|")[2] ?? "")) {
      const { highest, floor, claim } = claimed;
      const lateness = "allowedLateness" in settings ? settings.allowedLateness : 0;
      const judgedBy = watermarkOf([highest, ...claim.peers], lateness, claim.floor);
      if (isBack(floor, judgedBy)) fail(`${document.key}: a claim judges by ${judgedBy}, behind its floor ${floor}`);
    }
    if (!before) return;
    const back = document.key.startsWith("row|")
      ? wentBackInRow(document, before)
      : document.key.startsWith("closed|")
        ? wentBackInClosing(document, before)
        : [];
    for (const what of back) fail(`${document.key}: ${what} went back, from ${before.body} to ${document.body}`);
  },
});

function wentBackInRow(document: Document, before: Document): string[] {
  const [now, then] = [readRow(document), readRow(before)];
  return [
    ...(isBack(then.highest, now.highest) ? ["M"] : []),
    ...(isBack(then.floor, now.floor) ? ["the floor"] : []),
    ...(comparePositions(now.next, then.next) < 0 ? ["the next position"] : []),
    ...(now.highestTimestamp < then.highestTimestamp ? ["the highest timestamp"] : []),
  ];
}

function wentBackInClosing(document: Document, before: Document): string[] {
  const interval = (JSON.parse(document.body) as { interval: number }).interval;
  const [now, then] = [readClosing(document, interval), readClosing(before, interval)];
  return [...(isBack(then.closed, now.closed) ? ["F"] : []), ...(isBack(then.announced, now.announced) ? ["A"] : [])];
}

function isBack(from: Watermark, to: Watermark): boolean {
  return from !== undefined && (to === undefined || to < from);
}
