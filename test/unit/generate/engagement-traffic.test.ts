import { describe, expect, it } from "vitest";
import { engagementPlan } from "../../../localstack/generate/engagement-traffic.ts";
import { recordedTraffic } from "../../../localstack/generate/recorded-traffic.ts";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { contentTable, engagementEvents } from "../../../shared/pipelines/engagement/records.ts";
import type { Fate } from "../../support/oracle/judge-records.ts";
import { objectIn } from "../../support/oracle/oracle-json.ts";
import {
  type ContentChange,
  type Engagement,
  readContentChange,
  readEngagement,
} from "../../support/oracle/read-engagement.ts";
import { judged, percentages, toldFate } from "./judged.ts";

const start = Date.parse("2024-01-01T12:00:00Z");
const minute = 60_000;
const options = { records: 20_000, seed: 3, partitions: 3, users: 5_000, start, ratePerSecond: 10 };

/** A record, what the oracle says of it, and what it holds where it can be used. */
interface Told {
  readonly at: number;
  readonly line: RecordLine;
  readonly fate: string;
  readonly watermark: number | null;
  readonly op: string;
  readonly hasSchema: boolean;
  readonly event?: Engagement;
  readonly change?: ContentChange;
}

function tell(lines: readonly RecordLine[], fates: readonly Fate[]): Told[] {
  return lines.map((line, at) => {
    const fate = fates[at] as Fate;
    const record = (line.payload === null ? undefined : objectIn(line.payload)) ?? {};
    const { op } = (record.payload ?? record) as { op?: unknown };
    const isUsed = fate.fate === "accepted" || fate.fate === "duplicate";
    const read = line.topic === contentTable ? readContentChange(record) : readEngagement(record, false);
    return {
      ...{ at, line, fate: toldFate(fate), watermark: fate.watermark, hasSchema: "schema" in record },
      op: typeof op === "string" ? op : "none",
      ...(isUsed && typeof read === "object" && (read.kind === "event" ? { event: read } : { change: read })),
    };
  });
}

const lines = [...recordedTraffic(engagementPlan, options)];
const { fates, rows, outputs, views } = judged.engagement(lines);
const told = tell(lines, fates);
const accepted = told.filter(({ fate }) => fate === "accepted");
const events = accepted.flatMap(({ event, ...of }) => (event ? [{ ...of, event }] : []));
const changes = accepted.flatMap(({ change, ...of }) => (change ? [{ ...of, change }] : []));
const firstOutputs = new Map(outputs.toReversed().map((output) => [output.entity, output]));
const changesOf = Map.groupBy(changes, ({ change, line }) => `${line.partition} ${change.contentId}`);
const shareOf = (some: readonly unknown[], all: readonly unknown[]) =>
  Math.round((1_000 * some.length) / all.length) / 10;
/** How many in a hundred have each name, rounded to tenths. */
const sharesOf = (names: readonly string[]) =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(names, (name) => name),
      ([name, those]) => [name, shareOf(those, names)],
    ),
  );
const ofTable = (topic: string) => told.filter(({ line }) => line.topic === topic);

describe("traffic of engagement_events", () => {
  const ofEvents = ofTable(engagementEvents);

  it("has the shares that its docstring says", () => {
    expect(percentages(fates.filter(({ topic }) => topic === engagementEvents))).toEqual({
      accepted: 93.3,
      duplicate: 2.8,
      ignored: 3.2,
      malformed: 0.5,
      future: 0.1,
    });
    expect(shareOf(ofEvents, told)).toBe(82.2);
  });

  it("has events that know their content, that get it while they wait, that get it too late, and that never do", () => {
    const stories = events.map(storyOf);
    expect(sharesOf(stories)).toEqual({
      knows: 91.4,
      waits: 3.4,
      "too late": 0.7,
      never: 4.2,
      late: 0.3,
    });
    const updated = outputs.filter(({ revision }) => revision === 2);
    expect(updated.length).toBe(stories.filter((story) => story === "waits").length);
  });

  it("has other operations than insertions, and each is ignored", () => {
    const others = ofEvents.filter(({ op }) => !["c", "none"].includes(op));
    expect(new Set(others.map(({ op }) => op))).toEqual(new Set(["r", "u", "d", "t"]));
    expect(others.filter(({ fate }) => fate !== "ignored" && fate !== "malformed")).toEqual([]);
  });

  it("has the key of its content, and so its partition", () => {
    expect(events.filter(({ line, event }) => line.key !== `{"content_id":${event.contentId}}`)).toEqual([]);
  });

  it("has ids that go up, but for those that are overtaken", () => {
    const ids = events.map(({ event }) => Number(event.id)).filter(Number.isSafeInteger);
    const overtaken = ids.filter((id, at) => id < (ids[at - 1] ?? 0));
    expect(shareOf(overtaken, ids)).toBeCloseTo(4.6, 0);
    const behind = ids.map((id, at) => Math.max(...ids.slice(Math.max(at - 100, 0), at + 1)) - id);
    expect(behind.filter((places) => places > 100)).toEqual([]);
  });

  it("has one id in a hundred beyond 2^53, within 64 bits", () => {
    const long = events.filter(({ event }) => event.id > 2n ** 53n);
    expect(shareOf(long, events)).toBeCloseTo(1, 0);
    expect(long.filter(({ event }) => BigInt.asIntN(64, event.id) !== event.id)).toEqual([]);
  });

  it("has contents that are looked at a lot, and many that hardly are", () => {
    const counts = Object.values(views.content).map(({ count }) => count);
    expect(Math.max(...counts)).toBeGreaterThan(100);
    expect(counts.length).toBeGreaterThan(2_000);
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(500);
  });

  it("has durations of nothing, below zero, of 32 bits, and none", () => {
    const durations = events.map(({ event }) => event.duration);
    for (const duration of [0n, 1n, -1_500n, 2_147_483_647n, -2_147_483_648n]) expect(durations).toContain(duration);
    expect(
      shareOf(
        durations.filter((duration) => duration === null),
        durations,
      ),
    ).toBeCloseTo(14, 0);
  });

  it("has percentages that lie exactly between two hundredths", () => {
    const halves = rows.filter(({ duration_ms, length_seconds, engagement_pct }) => {
      const halfHundredths = Number(duration_ms) / (5 * Number(length_seconds));
      return engagement_pct !== null && Math.abs(halfHundredths % 2) === 1;
    });
    expect(shareOf(halves, rows)).toBeGreaterThan(5);
  });

  it("has times as Debezium writes them, and in all other forms that can be read", () => {
    const formOf = ({ payload }: RecordLine) => /"event_ts": ?("?[^",]*)/.exec(payload ?? "")?.[1] ?? "";
    const forms = {
      "microseconds as text": /^"[\d-]{10}T[\d:]{8}\.\d{6}Z/,
      "other text": /^"/,
      milliseconds: /^\d{13}$/,
      microseconds: /^\d{16}$/,
      nanoseconds: /^\d{19}$/,
    };
    const shown = events.map(({ line }) => {
      return Object.entries(forms).find(([, form]) => form.test(formOf(line)))?.[0] ?? formOf(line);
    });
    expect(sharesOf(shown)).toEqual({
      "microseconds as text": 90.6,
      "other text": 3.2,
      milliseconds: 3.4,
      microseconds: 2.8,
      nanoseconds: 0.1,
    });
  });

  it("has events exactly at the watermark, and 1 ms before it, that have to wait for their content or can't", () => {
    const behind = events.filter(({ event, watermark }) => [0, 1].includes((watermark ?? Number.NaN) - event.time));
    const stories = behind.map((told) => `${(told.watermark ?? 0) - told.event.time} ${storyOf(told)}`);
    for (const story of ["0 waits", "1 late"])
      expect(stories.filter((one) => one === story).length).toBeGreaterThan(10);
  });

  it("has several events of one content and time, of which only one can be its last", () => {
    const same = Map.groupBy(events, ({ event }) => `${event.contentId} ${event.time}`);
    expect([...same.values()].filter(({ length }) => length > 1).length).toBeGreaterThan(30);
  });

  it("has events of the first and of the last millisecond of a minute", () => {
    const places = events.map(({ event }) => event.time % minute);
    expect(places.filter((place) => place === 0).length).toBeGreaterThan(20);
    expect(places.filter((place) => place === minute - 1).length).toBeGreaterThan(20);
  });

  it("has duplicates that say something else, and some in other partitions", () => {
    const duplicates = told.flatMap(({ fate, event, line }) =>
      fate === "duplicate" && event ? [{ event, line }] : [],
    );
    const first = new Map(events.map(({ event, line }) => [event.id, { event, line }]));
    const elsewhere = duplicates.filter(({ event, line }) => first.get(event.id)?.line.partition !== line.partition);
    const changed = duplicates.filter(({ event, line }) => first.get(event.id)?.line.payload !== line.payload);
    expect(elsewhere.length).toBeGreaterThan(10);
    expect(elsewhere.filter(({ line }) => line.key !== null)).toEqual([]);
    expect(changed.length).toBeGreaterThan(30);
  });
});

describe("traffic of content", () => {
  const ofContent = ofTable(contentTable);

  it("has rows that are created, read by a snapshot, updated, deleted, and created again", () => {
    const counts = Object.groupBy(changes, ({ op }) => op);
    for (const op of ["c", "r", "u", "d"]) expect(counts[op]?.length).toBeGreaterThan(10);
    const deleted = new Map(counts.d?.map(({ at, change }) => [change.contentId, at]));
    const again = counts.c?.filter(
      ({ at, change }) => at > (deleted.get(change.contentId) ?? Number.POSITIVE_INFINITY),
    );
    expect(again?.length).toBeGreaterThan(5);
    expect(ofContent.filter(({ op }) => op === "t").map(({ fate }) => fate)).toContain("ignored");
  });

  it("has lengths of nothing, and none", () => {
    const lengths = changes.flatMap(({ change }) => (change.content ? [change.content.length] : []));
    expect(lengths.filter((length) => length === 0n).length).toBeGreaterThan(20);
    expect(
      shareOf(
        lengths.filter((length) => length === null),
        lengths,
      ),
    ).toBeCloseTo(17, 0);
  });

  it("has ids that only differ beyond what a floating-point number holds", () => {
    const ids = new Set(changes.map(({ change }) => change.contentId));
    expect(ids).toContain(2n ** 53n + 7n);
    expect(ids).toContain(2n ** 53n + 8n);
  });

  it("tells nothing twice, and goes on in the database's log", () => {
    const logOf = ({ line }: Told) => Number(/"lsn": ?(\d+)/.exec(line.payload ?? "")?.[1] ?? Number.NaN);
    const places = ofContent.filter(({ fate }) => fate === "accepted").map(logOf);
    expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
    expect(places.length).toBeGreaterThan(3_000);
  });
});

describe("the values of both tables", () => {
  it("have the length that Debezium gives them", () => {
    const lengths = told.flatMap(({ line: { payload }, hasSchema }) => (payload && !hasSchema ? [payload.length] : []));
    expect(lengths.reduce((sum, length) => sum + length) / lengths.length).toBeCloseTo(648, -1);
  });

  it("have a schema before them, two in a hundred", () => {
    for (const some of [events, changes]) {
      const wrapped = some.filter(({ hasSchema }) => hasSchema);
      expect(shareOf(wrapped, some)).toBeCloseTo(2, 0);
    }
  });
});

/** How an event fares with its content. */
function storyOf({ at, line, event }: (typeof events)[number]): string {
  const first = firstOutputs.get(String(event.id));
  if (first?.body.content_type !== null) return "knows";
  if (first.final) return "late";
  const later = changesOf.get(`${line.partition} ${event.contentId}`)?.find((one) => one.at > at && one.change.content);
  if (!later) return "never";
  return (later.watermark ?? 0) > event.time + 10 * minute ? "too late" : "waits";
}
