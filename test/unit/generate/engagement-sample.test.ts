import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { engagementSample } from "../../../localstack/generate/engagement-sample.ts";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { decodeMskEvent, type MskEvent } from "../../../shared/kafka/msk-event.ts";
import { contentTable, engagementEvents } from "../../../shared/pipelines/engagement/records.ts";
import { judged, toldFate } from "./judged.ts";

const tableOf = (topic: string) => topic.split(".").at(-1);
const clock = (time: number | null) => (time === null ? "-" : new Date(time).toISOString().slice(11, -1));

describe("the sample of engagement", () => {
  const { fates, rows, outputs, counts } = judged.engagement(engagementSample);

  it("tells what counts, what is ignored, what is sent again and what can't be", () => {
    const fateOf = new Map(fates.map((fate) => [`${fate.topic} ${fate.partition} ${fate.offset}`, toldFate(fate)]));
    const shown = engagementSample.map(({ topic, partition, offset, key, payload }) => {
      const { op, after } = payload === null ? { op: "null", after: null } : JSON.parse(payload);
      const what = [tableOf(topic), key?.slice(14, -1), op, after?.id].filter((part) => part !== undefined).join(" ");
      return `${what}: ${fateOf.get(`${topic} ${partition} ${offset}`)}`;
    });
    const isOdd = (line: string) => !/^engagement_events \d+ c \d+: accepted$/.test(line);
    expect(shown.filter(isOdd)).toEqual([
      "content 1 r: accepted",
      "content 2 r: accepted",
      "content 3 r: accepted",
      "engagement_events 1 r 1: ignored",
      "engagement_events 2 c 6: duplicate",
      "content 4 c: accepted",
      "engagement_events 2 u 5: ignored",
      "engagement_events 0 d: ignored",
      "engagement_events 0 null: ignored",
      "engagement_events 1 c 11: malformed",
      "content 1 u: accepted",
      "content 3 d: accepted",
      "content 3 null: ignored",
    ]);
    expect(counts[engagementEvents]).toMatchObject({ read: 25, accepted: 19 });
    expect(counts[contentTable]).toMatchObject({ read: 7, accepted: 6 });
  });

  it("gives 19 events, each with what is known of its content", () => {
    const shown = rows.map((row) => {
      const { event_id, content_id, duration_ms, content_type, length_seconds } = row;
      const { engagement_seconds, engagement_pct, revision } = row;
      const known = [content_type, length_seconds, engagement_seconds, engagement_pct].map((value) => value ?? "-");
      return `${event_id} of ${content_id}: ${duration_ms ?? "-"} ${known.join(" ")}, revision ${revision}`;
    });
    expect(shown).toEqual([
      "2 of 1: - video 300 - -, revision 1",
      "3 of 1: 60000 video 300 60 0.2, revision 1",
      "4 of 3: - article - - -, revision 1",
      "5 of 2: - video 120 - -, revision 1",
      "6 of 2: 120000 video 120 120 1, revision 1",
      "7 of 3: 45000 article - - -, revision 1",
      "8 of 4: 90000 podcast 1800 90 0.05, revision 2",
      "9 of 9: - - - - -, revision 1",
      "10 of 4: 450000 podcast 1800 450 0.25, revision 1",
      "12 of 1: 7500 video 300 7.5 0.03, revision 1",
      "13 of 2: 0 video 120 0 0, revision 1",
      "14 of 2: 61000 video 120 61 0.51, revision 1",
      "15 of 1: - video 300 - -, revision 1",
      "16 of 1: 7000 video 300 7 0.02, revision 1",
      "17 of 1: 280000 video 280 280 1, revision 1",
      "19 of 1: 2800 video 280 2.8 0.01, revision 1",
      "20 of 1: 5600 video 280 5.6 0.02, revision 1",
      "18 of 1: 1000 video 280 1 0, revision 1",
      "21 of 3: - - - - -, revision 1",
    ]);
  });

  it("has three events that wait for their content, of which one gets it", () => {
    const waited = outputs.filter(({ final }) => !final).map(({ entity }) => entity);
    expect(waited).toEqual(["8", "9", "21"]);
    expect(outputs.filter(({ revision }) => revision === 2).map(({ id }) => id)).toEqual(["engagement:8:2"]);
  });

  it("has an event 1 ms before the watermark of its partition, and one at it", () => {
    const late = fates.filter(
      ({ topic, watermark }) => topic === engagementEvents && clock(watermark) === "12:15:00.000",
    );
    expect(late.map(toldFate)).toEqual(["accepted", "accepted"]);
    expect(
      rows.filter(({ event_id }) => event_id === 19 || event_id === 20).map(({ event_ts }) => clock(event_ts)),
    ).toEqual(["12:14:59.999", "12:15:00.000"]);
  });

  it("has the event of 7 seconds as Debezium would write it", () => {
    const row = engagementSample.find(({ payload }) => payload?.includes('"id":16,'));
    expect(row).toMatchObject({ topic: "dbserver1.public.engagement_events", key: '{"content_id":1}' });
    expect(row?.payload).toMatch(
      '{"before":null,"after":{"id":16,"content_id":1,"user_id":"u_7","event_type":"play","event_ts":"2024-01-01T12:10:00.000000Z","duration_ms":7000,"device":"ios","raw_payload":null},"source":{',
    );
  });
});

describe.each([
  ["engagement-events", engagementEvents],
  ["content", contentTable],
])("the sample event of %s", (name, topic) => {
  const { records, eventSource } = eventNamed(name);
  const all = Object.values(records).flat();

  it("is of two partitions of one topic, at offsets without holes", () => {
    expect(eventSource).toBe("aws:kafka");
    expect(Object.keys(records)).toEqual([`${topic}-0`, `${topic}-1`]);
    for (const [name, ofPartition] of Object.entries(records)) {
      expect(ofPartition.map(({ offset }) => offset)).toEqual(ofPartition.map((_, at) => at));
      expect(new Set(ofPartition.map((record) => `${record.topic}-${record.partition}`))).toEqual(new Set([name]));
    }
  });

  it("has tombstones with a value of null and without a value, bytes that are not UTF-8, and a change with its schema", () => {
    expect(all.filter((record) => record.value === null)).toHaveLength(1);
    expect(all.filter((record) => !("value" in record))).toHaveLength(1);
    const values = all.flatMap(({ value }) => (value ? [Buffer.from(value, "base64")] : []));
    expect(values.filter((bytes) => !bytes.equals(Buffer.from(bytes.toString())))).toHaveLength(1);
    expect(values.filter((bytes) => bytes.toString().startsWith('{"schema":{'))).toHaveLength(1);
  });
});

describe("the sample events of both tables", () => {
  it("hold what becomes rows, and what doesn't", () => {
    const { fates, rows } = judged.engagement([...linesOf("content"), ...linesOf("engagement-events")]);
    const byPartition = Map.groupBy(fates, ({ topic, partition }) => `${tableOf(topic)}-${partition}`);
    const shown = Array.from(byPartition, ([name, those]) => `${name}: ${those.map(toldFate).join(" ")}`);
    expect(shown).toEqual([
      "content-0: accepted accepted accepted ignored",
      "content-1: accepted accepted accepted ignored malformed",
      "engagement_events-0: accepted accepted accepted accepted duplicate ignored",
      "engagement_events-1: ignored accepted accepted accepted malformed accepted ignored ignored malformed",
    ]);
    expect(rows.map(({ event_id, engagement_pct }) => [event_id, engagement_pct])).toEqual([
      [3, 0.21],
      [4, null],
      [5, null],
      [6, 1],
      [7, null],
      [8, 0.05],
      [10, 0.25],
      [16, 0.03],
    ]);
  });
});

function eventNamed(name: string): MskEvent {
  return JSON.parse(readFileSync(`test/events/msk-${name}.json`, "utf8")) as MskEvent;
}

/** As the function that it is passed to would read it: bytes that aren't UTF-8 stand as U+FFFD here. */
function linesOf(name: string): RecordLine[] {
  return decodeMskEvent(eventNamed(name)).flatMap(({ records }) =>
    records.map(({ timestamp, key, value, ...place }) => {
      const [keyText = null, payload = null] = [key, value].map((bytes) =>
        bytes ? Buffer.from(bytes).toString() : null,
      );
      return { ...place, tstype: "create", ts: timestamp, key: keyText, payload };
    }),
  );
}
