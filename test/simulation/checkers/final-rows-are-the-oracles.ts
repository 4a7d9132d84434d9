import type { CheckerOf } from "./checker.ts";
import { oracleLine, placeOf, rejectionsByPlace, rowsUnder } from "./stored-rows.ts";

const shownMax = 3;

/**
 * Invariant 1: the final rows are what an oracle makes of exactly those records that weren't rejected, each row once. The last records, which
 * only carry the watermark on, needn't have theirs.
 */
export const finalRowsAreTheOracles: CheckerOf = (world, fail) => ({
  name: "final rows are the oracle's",
  atEnd() {
    const { pipeline, settings, topics, running } = world;
    if (!settings.sinks.includes("s3")) return;
    const rejections = rejectionsByPlace(world);
    const effective = topics.all.filter((record) => !rejections.has(placeOf(record)));
    const wanted = pipeline.judge(effective.map(oracleLine), settings).rows;
    const found = rowsUnder(world, `${running.dataset}/`).map(pipeline.comparable);
    const isCounted = (text: string) => !text.includes("flush");
    const [foundTexts, wantedTexts] = [found, wanted].map((rows) =>
      rows.map((row) => JSON.stringify(row)).filter(isCounted),
    );
    const missing = without(wantedTexts ?? [], foundTexts ?? []);
    const tooMuch = without(foundTexts ?? [], wantedTexts ?? []);
    if (missing.length > 0) fail(`missing ${missing.length}: ${missing.slice(0, shownMax).join(" ")}`);
    if (tooMuch.length > 0) fail(`too much ${tooMuch.length}: ${tooMuch.slice(0, shownMax).join(" ")}`);
  },
});

function without(texts: readonly string[], taken: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const text of taken) left.set(text, (left.get(text) ?? 0) + 1);
  return texts.filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}
