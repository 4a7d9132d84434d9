import { describe, expect, it } from "vitest";
import { sampleRecords } from "../../localstack/generate/sample.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { formatEventTime } from "../../shared/core/time.ts";
import { cutDeliveries, logRecord } from "../support/log-record.ts";
import { World } from "../support/world.ts";

/** What the README of the system that this one replaces says must come out. */
const sixRows = [
  "2024-01-01T12:10:00Z pv_1 user_1 product1 campaign_A click_1",
  "2024-01-01T12:15:00Z pv_2 user_2 product2 campaign_B click_2",
  "2024-01-01T12:30:00Z pv_3 user_3 product3 campaign_D click_3b",
  "2024-01-01T12:45:00Z pv_5 user_5 product5 campaign_F click_5",
  "2024-01-01T13:10:00Z pv_4 user_4 product4 null null",
  "2024-01-01T13:20:00Z pv_6 user_6 product6 null null",
];

const partitionings: readonly [name: string, partitions: number, partitionOf: (line: RecordLine) => number][] = [
  ["one partition", 1, () => 0],
  ["the three partitions of their keys", 3, ({ partition }) => partition],
  ["a partition for each user", 6, ({ key }) => Number(key?.slice(-1)) - 1],
];

async function rowsFrom(
  lines: readonly RecordLine[],
  partitions: number,
  partitionOf: (line: RecordLine) => number,
  deliveryMax: number,
) {
  const world = new World({ settings: { partitions } });
  const offsets = new Map<string, number>();
  const placed = lines.map((line) => {
    const partition = partitionOf(line);
    const offset = offsets.get(`${line.topic}-${partition}`) ?? 0;
    offsets.set(`${line.topic}-${partition}`, offset + 1);
    return logRecord({ ...line, partition, offset });
  });
  for (const delivery of cutDeliveries(placed, deliveryMax)) {
    await world.deliver(delivery);
    await world.close();
  }
  await world.settle("end");
  const rows = await world.finals();
  world.end();
  return rows
    .sort((a, b) => Number(a.event_time) - Number(b.event_time))
    .map((row) => {
      const product = String(row.url).replace("https://example.com/", "");
      const credit = `${row.attributed_campaign_id} ${row.attributed_click_id}`;
      return `${formatEventTime(Number(row.event_time))} ${row.page_view_id} ${row.user_id} ${product} ${credit}`;
    });
}

/** Some of the 924 ways in which six clicks and six page views can come in, each topic in its own order. */
function* interleavings(every: number): Generator<RecordLine[]> {
  let count = 0;
  for (let clickTurns = 0; clickTurns < 2 ** sampleRecords.length; clickTurns++) {
    if (bitsSet(clickTurns) !== sampleRecords.length / 2 || count++ % every !== 0) continue;
    const left = Map.groupBy(sampleRecords, ({ topic }) => topic);
    const turns = sampleRecords.map((_, turn) => ((clickTurns >> turn) & 1 ? "ad_clicks" : "page_views"));
    const taken = { ad_clicks: 0, page_views: 0 };
    yield turns.map((topic) => left.get(topic)?.[taken[topic as keyof typeof taken]++] as RecordLine);
  }
}

function bitsSet(mask: number): number {
  return mask.toString(2).replaceAll("0", "").length;
}

describe.each(partitionings)("the twelve sample records in %s", (_, partitions, partitionOf) => {
  it.each([1, 2, 500])("make the six rows, in deliveries of at most %i", async (deliveryMax) => {
    expect(await rowsFrom(sampleRecords, partitions, partitionOf, deliveryMax)).toEqual(sixRows);
  });

  it("make the six rows, whichever topic is ahead", async () => {
    for (const lines of interleavings(23)) expect(await rowsFrom(lines, partitions, partitionOf, 500)).toEqual(sixRows);
  });
});

describe("the twelve sample records", () => {
  it("are six clicks and six page views, in the order they were processed", () => {
    const times = sampleRecords.map(({ ts }) => ts);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(sampleRecords.filter(({ topic }) => topic === "ad_clicks")).toHaveLength(6);
    expect(sampleRecords.filter(({ topic }) => topic === "page_views")).toHaveLength(6);
  });

  it("bear their event time without a zone", () => {
    expect(sampleRecords[0]).toEqual({
      topic: "ad_clicks",
      partition: 0,
      offset: 0,
      tstype: "create",
      ts: Date.parse("2024-01-01T12:05:01Z"),
      key: "user_1",
      payload:
        '{"user_id":"user_1","event_time":"2024-01-01T12:05:00","campaign_id":"campaign_A","click_id":"click_1"}',
    });
  });
});
