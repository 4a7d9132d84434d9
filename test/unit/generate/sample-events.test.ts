import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { decodeMskEvent, type MskEvent } from "../../../shared/kafka/msk-event.ts";
import { judged, toldFate } from "./judged.ts";

const eventOf = (topic: string) => JSON.parse(readFileSync(`test/events/msk-${topic}.json`, "utf8")) as MskEvent;

/** As the function that it is passed to would read it: bytes that aren't UTF-8 stand as U+FFFD here. */
function linesOf(topic: string): RecordLine[] {
  return decodeMskEvent(eventOf(topic)).flatMap(({ records }) =>
    records.map(({ topic, partition, offset, timestamp, key, value }) => {
      const [keyText, payload] = [key, value].map((bytes) => (bytes ? Buffer.from(bytes).toString() : null));
      return {
        topic,
        partition,
        offset,
        tstype: "create",
        ts: timestamp,
        key: keyText ?? null,
        payload: payload ?? null,
      };
    }),
  );
}

/** The fates of each partition's records. */
function told(lines: readonly RecordLine[], pipeline: "conversions" | "dedupe" | "windows" | "purchases"): string[] {
  const byPartition = Map.groupBy(judged[pipeline](lines).fates, ({ partition }) => partition);
  return Array.from(byPartition.values(), (fates) => fates.map(toldFate).join(" "));
}

describe.each(["raw-events", "incoming-events", "purchases"])("the sample event of %s", (topic) => {
  const { records, eventSource } = eventOf(topic);
  const all = Object.values(records).flat();

  it("is of two partitions of one topic, at offsets without holes", () => {
    expect(eventSource).toBe("aws:kafka");
    expect(Object.keys(records)).toEqual([`${topic}-0`, `${topic}-1`]);
    for (const [name, ofPartition] of Object.entries(records)) {
      expect(ofPartition.map(({ offset }) => offset)).toEqual(ofPartition.map((_, at) => at));
      expect(new Set(ofPartition.map((record) => `${record.topic}-${record.partition}`))).toEqual(new Set([name]));
    }
  });

  it("has tombstones with a value of null and without a value, and bytes that are not UTF-8", () => {
    expect(all.filter((record) => record.value === null)).toHaveLength(1);
    expect(all.filter((record) => !("value" in record))).toHaveLength(1);
    const values = all.flatMap(({ value }) => (value ? [Buffer.from(value, "base64")] : []));
    expect(values.filter((bytes) => !bytes.equals(Buffer.from(bytes.toString())))).toHaveLength(1);
  });

  it("has headers of signed bytes", () => {
    const [header] = all.flatMap(({ headers }) => headers ?? []).flatMap((one) => (one.producer ? [one.producer] : []));
    expect(header?.filter((byte) => byte < 0)).toEqual([-61, -87]);
    expect(Buffer.from(header ?? []).toString()).toBe("héllo");
  });
});

describe("the sample events", () => {
  it("of raw-events hold clicks and conversions", () => {
    const lines = linesOf("raw-events");
    expect(told(lines, "conversions")).toEqual([
      "accepted accepted accepted duplicate accepted accepted accepted accepted ignored ignored malformed",
      "accepted accepted accepted",
    ]);
    const attributed = judged.conversions(lines).rows.map(({ conversion_id, click_id }) => [conversion_id, click_id]);
    expect(attributed).toEqual([
      ["conv_1", "click_1"],
      ["conv_2", "click_3"],
      ["conv_3", null],
      ["conv_5", "click_4"],
      ["conv_6", null],
    ]);
  });

  it.each(["dedupe", "windows"] as const)("of incoming-events hold events for %s", (pipeline) => {
    expect(told(linesOf("incoming-events"), pipeline)).toEqual([
      "accepted duplicate accepted accepted ignored ignored malformed",
      "accepted accepted accepted accepted accepted accepted",
    ]);
  });

  it("of purchases hold one that was produced five times", () => {
    const lines = linesOf("purchases");
    const five = "accepted duplicate duplicate duplicate duplicate";
    expect(told(lines, "purchases")).toEqual([
      `${five} accepted malformed malformed malformed accepted ignored ignored malformed`,
      "duplicate accepted",
    ]);
    expect(judged.purchases(lines).views.user_1?.totalDebt).toBe("100");
  });
});
