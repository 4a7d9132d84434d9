import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { byEntity, messageOf } from "./engagement-revisions.ts";
import { expectSame } from "./expect-oracle-answer.ts";
import type { EngagementAnswer } from "./oracle/engagement-oracle.ts";
import { filesOutOfOrder, parquetRows, type TextRow } from "./parquet-rows.ts";
import { deliveries, summary } from "./replay-outputs.ts";

/** Holds what a replay has sent by HTTP and to Kafka against the oracle's answer. */
export function expectSentAs(out: string, { outputs }: EngagementAnswer): void {
  expectSame("deliveries", byEntity(deliveries(out)), byEntity(outputs));
  const wanted = outputs.map((output) => ({ entity: output.entity, ...messageOf(output) }));
  expectSame("messages", byEntity(messagesOf(out)), byEntity(wanted));
}

/** Holds what a replay has kept against the oracle's answer: rows, rejections, views, counts and watermarks. */
export async function expectKeptAs(out: string, answer: EngagementAnswer): Promise<void> {
  expectSame("rows", await parquetRows(out, "events_enriched"), answer.rows.map(asText));
  const order = ["event_ts", "content_id", "event_id"];
  expect(await filesOutOfOrder(out, "events_enriched", order)).toEqual([]);
  const rejections = (await parquetRows(out, "rejected_events")).map(
    ({ topic = null, partition = null, offset = null, reason = null, watermark = null }) => {
      return { topic, partition, offset, fate: "rejected", reason, watermark };
    },
  );
  const rejected = answer.fates.filter(({ fate }) => fate === "rejected");
  expectSame("rejections", rejections, rejected.map(asText));
  expectViews(out, answer);
  const { records, outputs, watermarks } = summary(out);
  expect(records).toEqual(answer.counts);
  expect(outputs).toEqual({ events_enriched: { revisions: answer.outputs.length, finals: answer.rows.length } });
  expect(watermarks).toEqual(watermarkTexts(answer));
}

function asText(fields: object): TextRow {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value === null ? null : String(value)]),
  );
}

/** A line of the topic's file. */
interface MessageLine {
  readonly topic: string;
  readonly ts: number;
  readonly key: string;
  readonly payload: string;
  readonly headers: readonly string[];
}

function messagesOf(out: string) {
  const text = readFileSync(join(out, "topics", "events-enriched.ndjson"), "utf8").trimEnd();
  const lines = text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as MessageLine);
  return lines.map(({ topic, ts, key, payload, headers: [name, id = ""] }) => {
    expect(name).toBe("tidemark-id");
    const [, entity = ""] = id.split(":");
    return { entity, id, topic, key, value: payload, timestamp: ts };
  });
}

function expectViews(out: string, { views }: EngagementAnswer): void {
  const read = (name: string) => JSON.parse(readFileSync(join(out, "views", name), "utf8"));
  const lines = (of: object) => Object.entries(of).map(([contentId, view]) => ({ contentId, ...view }));
  expectSame("views of contents", lines(read("content.json")), lines(views.content));
  expect(read("top.json")).toEqual(views.top);
}

function watermarkTexts({ watermarks }: EngagementAnswer): Record<string, string | null> {
  const texts = Object.entries(watermarks).map(([partition, time]) => {
    return [partition, time === null ? null : new Date(time).toISOString().replace(".000Z", "Z")];
  });
  return Object.fromEntries(texts);
}
