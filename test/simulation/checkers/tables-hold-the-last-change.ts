import type { CheckerOf } from "./checker.ts";
import { placeOf, rejectionsByPlace } from "./stored-rows.ts";

/** A row of the table of contents is as the last change of it in its partition says. */
export const tablesHoldTheLastChange: CheckerOf = (world, fail) => ({
  name: "tables hold the last change",
  atEnd() {
    const { running, topics, tables } = world;
    const [topic] = running.tables;
    if (topic === undefined) return;
    const rejections = rejectionsByPlace(world);
    const last = new Map<string, string | null>();
    for (const record of topics.all.filter((one) => one.topic === topic && !rejections.has(placeOf(one)))) {
      if (record.value === null) continue;
      const { before, after } = JSON.parse(Buffer.from(record.value).toString()) as Record<
        string,
        Record<string, unknown> | null
      >;
      const key = `${running.name}|table|${record.partition}|${(after ?? before)?.content_id}`;
      last.set(key, after ? String(after.content_type) : null);
    }
    for (const [key, type] of last) {
      const stored = tables.documents.entities.get(key);
      const row = stored ? (JSON.parse(stored.body) as [unknown, { contentType: string } | null])[1] : undefined;
      const found = row === undefined ? "missing" : (row?.contentType ?? null);
      if (found !== type) fail(`${key} is ${found}, to be ${type}`);
    }
  },
});
