import { describe, expect, it } from "vitest";
import { type EngagementOutput, judgeEngagement } from "../../support/oracle/engagement-oracle.ts";
import { noon, toldFates } from "./file-lines.ts";
import {
  content,
  contents,
  engagement,
  events,
  gone,
  inPartition,
  type TableRecord,
  tableLines,
} from "./table-lines.ts";

const minute = 60_000;
const settings = {
  allowedLateness: 5 * minute,
  enrichmentWait: 10 * minute,
  maxFutureSkew: 5 * minute,
  includeSnapshot: false,
  partitions: 1,
};

const judge = (records: readonly TableRecord[], more = {}) =>
  judgeEngagement(tableLines(records), { ...settings, ...more });
const judged = (records: readonly TableRecord[], more = {}) =>
  judge(records, more).fates.map(({ fate, reason, watermark }) => [reason ?? fate, watermark]);
const fates = (records: readonly TableRecord[], more = {}) => toldFates(judge(records, more).fates);
/** `1.2 video 0.02, final`: event 1, revision 2; where the content isn't known, `unknown`. */
const told = ({ entity, revision, final, body }: EngagementOutput) =>
  `${entity}.${revision} ${body.content_type === null ? "unknown" : `${body.content_type} ${body.engagement_pct}`}${final ? ", final" : ""}`;
const outputs = (records: readonly TableRecord[], more = {}) => judge(records, more).outputs.map(told);

/** An event of another content, which moves the watermark to 5 minutes before its time. */
const clock = (time: number) => engagement(99, time, { content_id: 99 });
const ofClock = "99.1 unknown";

describe("an event", () => {
  it("is enriched as row 16 of the example is: 7,000 ms of a content of 300 s", () => {
    const row = {
      event_id: 16,
      content_id: 1,
      user_id: "u1",
      event_type: "play",
      duration_ms: 7_000,
      device: "ios",
      content_type: "video",
      length_seconds: 300,
      engagement_seconds: 7,
      engagement_pct: 0.02,
      revision: 1,
    };
    const { rows, outputs, views } = judge([content("c"), engagement(16, noon())]);
    const body = { ...row, event_ts: "2024-01-01T12:00:00Z" };
    expect(rows).toEqual([{ ...row, event_ts: noon() }]);
    expect(outputs).toEqual([
      { id: "engagement:16:1", pipeline: "engagement", entity: "16", revision: 1, final: true, body },
    ]);
    expect(views).toEqual({
      content: { 1: { count: 1, last: body, minutes: { "202401011200": 1 } } },
      top: [{ contentId: "1", count: 1 }],
    });
  });

  it("has its columns in order, in rows and in bodies", () => {
    const { rows, outputs } = judge([content("c"), engagement(16, noon() + 5)]);
    expect(JSON.stringify(outputs[0]?.body)).toBe(
      '{"event_id":16,"content_id":1,"user_id":"u1","event_type":"play","event_ts":"2024-01-01T12:00:00.005Z",' +
        '"duration_ms":7000,"device":"ios","content_type":"video","length_seconds":300,"engagement_seconds":7,' +
        '"engagement_pct":0.02,"revision":1}',
    );
    expect(Object.keys(rows[0] ?? {})).toEqual(Object.keys(outputs[0]?.body ?? {}));
  });

  it("comes without what it lacks", () => {
    const record = engagement(16, noon(), { duration_ms: undefined, device: undefined });
    const { rows } = judge([record]);
    expect(rows).toEqual([
      {
        event_id: 16,
        content_id: 1,
        user_id: "u1",
        event_type: "play",
        event_ts: noon(),
        duration_ms: null,
        device: null,
        content_type: null,
        length_seconds: null,
        engagement_seconds: null,
        engagement_pct: null,
        revision: 1,
      },
    ]);
  });

  it.each([
    ["exact in the middle, away from zero", 1_500, 300, 1.5, 0.01],
    ["down before the middle", 1_499, 300, 1.499, 0],
    ["to the next after the middle", 4_501, 300, 4.501, 0.02],
    ["as a float would not", 1_005, 1, 1.005, 1.01],
    ["as another float would not", 145, 1, 0.145, 0.15],
    ["away from zero below it", -1_500, 300, -1.5, -0.01],
    ["to no negative zero", -1_499, 300, -1.499, 0],
    ["below a length below zero", 7_000, -300, 7, -0.02],
    ["above 1", 450_000, 300, 450, 1.5],
    ["for nothing seen", 0, 300, 0, 0],
    ["to thirds", 100_000, 300, 100, 0.33],
    ["without a duration", null, 300, null, null],
    ["without a length", 7_000, null, null, null],
    ["with a length of 0", 7_000, 0, null, null],
    ["without a duration of a length of 0", null, 0, null, null],
  ])("is measured %s", (_, duration_ms, length_seconds, seconds, pct) => {
    const [row] = judge([content("c", { length_seconds }), engagement(1, noon(), { duration_ms })]).rows;
    expect([row?.engagement_seconds, row?.engagement_pct]).toEqual([seconds, pct]);
    expect([row?.content_type, row?.duration_ms, row?.length_seconds]).toEqual(["video", duration_ms, length_seconds]);
  });

  it("has ids that are exact beyond 2^53, as digits where a double would round", () => {
    const text = JSON.stringify(engagement(0, noon(), { content_id: 1 }).payload)
      .replace('"id":0', '"id":9007199254740993')
      .replace('"content_id":1', '"content_id":9223372036854775807');
    const { rows, outputs } = judge([
      { topic: events, ts: noon(), payload: text },
      engagement(9_007_199_254_740_991, noon(1)),
    ]);
    expect(rows.map(({ event_id, content_id }) => [event_id, content_id])).toEqual([
      ["9007199254740993", "9223372036854775807"],
      [9_007_199_254_740_991, 1],
    ]);
    expect(outputs.map(({ id }) => id)).toEqual(["engagement:9007199254740993:1", "engagement:9007199254740991:1"]);
  });

  it("is a row in the order of its time, its content and its id, the ids by value", () => {
    const records = [
      engagement(10, noon(), { content_id: 2 }),
      engagement(9, noon(), { content_id: 2 }),
      engagement(1, noon(), { content_id: 10 }),
      engagement(12, noon(-1), { content_id: 30 }),
    ];
    expect(judge(records).rows.map(({ event_id }) => event_id)).toEqual([12, 9, 10, 1]);
  });
});

describe("the content of an event", () => {
  it("is what it was when the event came, and final at once", () => {
    const records = [content("c"), content("u", { content_type: "film" }), engagement(1, noon())];
    expect(outputs([...records, content("u", { content_type: "short" }), gone()])).toEqual(["1.1 film 0.02, final"]);
  });

  it("comes in time where it comes while the event isn't final, and is the first to come", () => {
    const records = [engagement(1, noon()), content("c"), content("u", { content_type: "film" })];
    expect(outputs(records)).toEqual(["1.1 unknown", "1.2 video 0.02, final"]);
  });

  it("is awaited by all events that came without it, and by none after it", () => {
    const records = [engagement(1, noon()), engagement(2, noon(1)), content("c"), engagement(3, noon(2))];
    expect(outputs(records)).toEqual([
      "1.1 unknown",
      "1.2 video 0.02, final",
      "2.1 unknown",
      "2.2 video 0.02, final",
      "3.1 video 0.02, final",
    ]);
    expect(judge(records).rows.map(({ event_id, revision }) => [event_id, revision])).toEqual([
      [1, 2],
      [2, 2],
      [3, 1],
    ]);
  });

  it.each([
    ["just before the watermark has passed the wait", noon(900) - 1, ["1.1 unknown", "1.2 video 0.02, final"]],
    ["with the watermark at the end of the wait", noon(900), ["1.1 unknown", "1.2 video 0.02, final"]],
    ["once the watermark has passed the wait", noon(900) + 1, ["1.1 unknown"]],
  ])("counts, or not, where it comes %s", (_, time, story) => {
    expect(outputs([engagement(1, noon()), clock(time), content("c")])).toEqual([...story, ofClock]);
  });

  it("is waited for as long as is said, from the event's own time", () => {
    const records = [engagement(1, noon()), engagement(2, noon(1)), clock(noon(361)), content("c")];
    expect(outputs(records, { enrichmentWait: minute })).toEqual([
      "1.1 unknown",
      "2.1 unknown",
      "2.2 video 0.02, final",
      ofClock,
    ]);
    expect(outputs(records, { enrichmentWait: 0 })).toEqual(["1.1 unknown", "2.1 unknown", ofClock]);
  });

  it("is unknown again once it is deleted, and what waits goes on waiting", () => {
    const records = [content("c"), gone(), engagement(1, noon()), gone(), content("c", { content_type: "film" })];
    expect(outputs(records)).toEqual(["1.1 unknown", "1.2 film 0.02, final"]);
    expect(outputs([engagement(1, noon()), gone(), clock(noon(901)), content("c")])).toEqual(["1.1 unknown", ofClock]);
  });

  it("is known from a snapshot, and from an update of what was never seen", () => {
    expect(outputs([content("r"), engagement(1, noon())])).toEqual(["1.1 video 0.02, final"]);
    expect(outputs([content("u"), engagement(1, noon())])).toEqual(["1.1 video 0.02, final"]);
  });

  it("comes with a length of null, and is known all the same", () => {
    expect(outputs([engagement(1, noon()), content("c", { length_seconds: null }), content("u")])).toEqual([
      "1.1 unknown",
      "1.2 video null, final",
    ]);
  });

  it("is of the same id and the same partition", () => {
    const others = [content("c", { content_id: 2 }), inPartition(1, content("c"))];
    expect(outputs([...others, engagement(1, noon()), ...others], { partitions: 2 })).toEqual(["1.1 unknown"]);
  });

  it("moves no watermark, and is neither late nor ahead", () => {
    const late = { ...content("u"), ts: 0 };
    expect(judged([content("c"), clock(noon(300)), late, engagement(1, noon())])).toEqual([
      ["accepted", null],
      ["accepted", null],
      ["accepted", noon()],
      ["accepted", noon()],
    ]);
  });
});

describe("a late event", () => {
  it("is one before the watermark, is accepted, and final at once with what is known", () => {
    const records = [clock(noon(300)), engagement(1, noon()), engagement(2, noon() - 1), content("c")];
    const after = engagement(3, noon() - 1);
    expect(outputs([...records, after])).toEqual([
      ofClock,
      "1.1 unknown",
      "1.2 video 0.02, final",
      "2.1 unknown, final",
      "3.1 video 0.02, final",
    ]);
    expect(fates([...records, after])).toEqual(["accepted", "accepted", "accepted", "accepted", "accepted"]);
  });

  it("is not there while nothing has come before, nor because of another partition", () => {
    const records = [engagement(1, noon(-90_000)), inPartition(1, clock(noon())), engagement(2, noon(-90_000))];
    expect(outputs(records, { partitions: 2 })).toEqual(["1.1 unknown", ofClock, "2.1 unknown"]);
  });

  it("leaves the watermark where it is", () => {
    const { fates, watermarks } = judge([clock(noon(300)), engagement(1, noon(-60)), engagement(2, noon())]);
    expect(fates.map(({ watermark }) => watermark)).toEqual([null, noon(), noon()]);
    expect(watermarks).toEqual({ 0: noon() });
  });
});

describe("an event id", () => {
  it("counts once, over all contents, times and partitions, for ever, and the first does", () => {
    const records = [
      content("c"),
      engagement(1, noon()),
      engagement(1, noon()),
      engagement(1, noon(1), { content_id: 2, duration_ms: 1 }),
      inPartition(1, engagement(1, noon())),
      clock(noon(86_400)),
      engagement(1, noon()),
    ];
    const { counts, outputs, views } = judge(records, { partitions: 2 });
    expect(fates(records, { partitions: 2 })).toEqual([
      ...["accepted", "accepted", "duplicate", "duplicate", "duplicate", "accepted", "duplicate"],
    ]);
    expect(outputs.map(told)).toEqual(["1.1 video 0.02, final", ofClock]);
    expect(Object.entries(views.content).map(([id, { count }]) => [id, count])).toEqual([
      ["1", 1],
      ["99", 1],
    ]);
    const none = { malformed: 0, late: 0, future: 0, oversized: 0 };
    expect(counts).toEqual({
      [events]: { read: 6, accepted: 2, duplicate: 4, ignored: 0, rejected: none },
      [contents]: { read: 1, accepted: 1, duplicate: 0, ignored: 0, rejected: none },
    });
  });

  it("is enriched once, however often it came while it waited", () => {
    const records = [engagement(1, noon()), engagement(1, noon()), content("c"), engagement(1, noon())];
    expect(outputs(records)).toEqual(["1.1 unknown", "1.2 video 0.02, final"]);
  });

  it("moves the watermark on as a duplicate", () => {
    const records = [
      engagement(1, noon()),
      engagement(1, noon(310)),
      engagement(2, noon(10)),
      engagement(3, noon(10) - 1),
    ];
    expect(judged(records)).toEqual([
      ["accepted", null],
      ["duplicate", noon(-300)],
      ["accepted", noon(10)],
      ["accepted", noon(10)],
    ]);
    expect(outputs(records)).toEqual(["1.1 unknown", "2.1 unknown", "3.1 unknown, final"]);
    expect(judge(records).watermarks).toEqual({ 0: noon(10) });
  });

  it("is not known for having been rejected or ignored", () => {
    const ahead = { ...engagement(1, noon(301)), ts: noon() };
    const records = [ahead, engagement(1, noon(), { user_id: null }), engagement(1, noon(), {}, "r")];
    expect(fates([...records, engagement(1, noon())])).toEqual(["future", "malformed", "ignored", "accepted"]);
  });
});

describe("a record", () => {
  it("of an event counts where the row is new, and where it is of a snapshot if that is asked for", () => {
    const records = ["c", "r", "u", "d", "t", "m", "x"].map((op, i) => engagement(i, noon(), {}, op));
    const ignored = "ignored";
    expect(fates(records)).toEqual(["accepted", ...Array<string>(6).fill(ignored)]);
    expect(fates(records, { includeSnapshot: true })).toEqual([
      "accepted",
      "accepted",
      ...Array<string>(5).fill(ignored),
    ]);
  });

  it("of content counts where it tells of a row", () => {
    const others = ["t", "m", "x"].map((op) => ({
      topic: contents,
      ts: 0,
      payload: { op, before: null, after: null },
    }));
    expect(fates([content("c"), content("u"), content("r"), gone(), ...others])).toEqual([
      ...["accepted", "accepted", "accepted", "accepted", "ignored", "ignored", "ignored"],
    ]);
  });

  it("is ignored where it doesn't count, whatever else is wrong with it", () => {
    const records = [events, contents].map((topic) => ({ topic, ts: 0, payload: { op: "m", after: 7 } }));
    expect(fates([...records, { topic: events, ts: 0, payload: { op: "d" } }])).toEqual([
      "ignored",
      "ignored",
      "ignored",
    ]);
  });

  it("is ignored as a tombstone, and in another topic", () => {
    const records = [events, contents, "elsewhere"].map((topic) => ({ topic, ts: 0, payload: null }));
    expect(fates(records)).toEqual(["ignored", "ignored", "ignored"]);
  });

  it("is too far ahead of its record beyond the skew, and then moves nothing", () => {
    const ahead = (id: number, by: number) => ({ ...engagement(id, noon() + by), ts: noon() });
    expect(judged([ahead(1, 300_001), ahead(2, 300_000), ahead(3, 0)])).toEqual([
      ["future", null],
      ["accepted", null],
      ["accepted", noon()],
    ]);
  });

  it("that is delivered again takes effect once, and counts once", () => {
    const lines = tableLines([engagement(1, noon()), content("c"), gone(), engagement(2, noon())]);
    expect(judgeEngagement([...lines, ...lines], settings)).toEqual(judgeEngagement(lines, settings));
  });

  it.each([
    ["no object", events, "[]"],
    ["null", contents, "null"],
    ["half a text", events, '{"op":"c","after":{'],
    ["no op", events, { before: null, after: {} }],
    ["an op that is no text", contents, { op: 1, after: { content_id: 1, content_type: "video" } }],
    ["no row", events, { op: "c", after: null }],
    ["a row that is no object", contents, { op: "c", after: [] }],
    ["a deleted row that isn't told", contents, { op: "d", before: null, after: { content_id: 1 } }],
    ["an envelope that is no object", events, { schema: null, payload: [] }],
  ])("is malformed with %s", (_, topic, payload) => {
    expect(fates([{ topic, ts: noon(), payload }])).toEqual(["malformed"]);
  });

  it.each([
    ["no id", { id: null }],
    ["an empty id", { id: "" }],
    ["an id that is no number", { id: "e1" }],
    ["a fraction as an id", { id: 1.5 }],
    ["an id beyond 64 bits", { id: "9223372036854775808" }],
    ["no content", { content_id: undefined }],
    ["a content that is no number", { content_id: true }],
    ["no user", { user_id: null }],
    ["an empty user", { user_id: "" }],
    ["half a surrogate pair in a user", { user_id: "u\ud83d" }],
    ["no type", { event_type: null }],
    ["a type that is no text", { event_type: 7 }],
    ["no time", { event_ts: null }],
    ["a time of no day", { event_ts: "2023-02-29T12:00:00Z" }],
    ["a duration that is text", { duration_ms: "7000" }],
    ["half a millisecond", { duration_ms: 0.5 }],
    ["a device that is no text", { device: 7 }],
  ])("of an event is malformed with %s", (_, fault) => {
    const { fates, rows, outputs, views } = judge([engagement(1, noon(), fault)]);
    expect([toldFates(fates), rows, outputs, views]).toEqual([["malformed"], [], [], { content: {}, top: [] }]);
  });

  it.each([
    ["no id", { content_id: null }],
    ["an id that is no number", { content_id: "one" }],
    ["no type", { content_type: null }],
    ["a type that is no text", { content_type: 7 }],
    ["a length that is text", { length_seconds: "300" }],
    ["half a second", { length_seconds: 0.5 }],
  ])("of content is malformed with %s, and makes nothing known", (_, fault) => {
    const records = [content("c", fault), engagement(1, noon())];
    expect([fates(records), outputs(records)]).toEqual([["malformed", "accepted"], ["1.1 unknown"]]);
  });

  it("that is malformed is told with the watermark of its partition, in both topics", () => {
    const records = [clock(noon(300)), content("c", { content_id: null }), engagement(1, noon(), { user_id: null })];
    expect(judged([...records, inPartition(1, content("c", { content_id: null }))])).toEqual([
      ["accepted", null],
      ["malformed", noon()],
      ["malformed", noon()],
      ["malformed", null],
    ]);
  });
});

describe("the watermarks", () => {
  it("are those of all partitions after the last record, and none where no event came", () => {
    const records = [clock(noon()), inPartition(1, engagement(1, noon(60))), inPartition(2, content("c"))];
    expect(judge(records, { partitions: 3 }).watermarks).toEqual({ 0: noon(-300), 1: noon(-240), 2: null });
    expect(judge([]).watermarks).toEqual({ 0: null });
  });
});

describe("the views", () => {
  const lastOf = (records: readonly TableRecord[]) => judge(records).views.content["1"]?.last;

  it("count each content's events, and by minute of their own time", () => {
    const records = [
      engagement(1, noon(59) + 999),
      engagement(2, noon()),
      engagement(3, noon(60)),
      engagement(4, noon(), { content_id: 2 }),
      inPartition(1, engagement(5, noon(-1))),
      content("c"),
    ];
    const { content: found } = judge(records, { partitions: 2 }).views;
    expect(Object.entries(found).map(([id, { count, minutes }]) => [id, count, minutes])).toEqual([
      ["1", 4, { "202401011159": 1, "202401011200": 2, "202401011201": 1 }],
      ["2", 1, { "202401011200": 1 }],
    ]);
  });

  it("hold the last event by its own time, whenever and wherever it came", () => {
    expect(lastOf([engagement(1, noon(2)), engagement(2, noon(1))])?.event_id).toBe(1);
    expect(lastOf([engagement(1, noon(1)), engagement(2, noon(2))])?.event_id).toBe(2);
    expect(lastOf([engagement(1, noon(2)), inPartition(1, engagement(2, noon(3)))])?.event_id).toBe(2);
  });

  it("hold the one with the greater id of two of one time, by value", () => {
    expect(lastOf([engagement(10, noon()), engagement(9, noon())])?.event_id).toBe(10);
    expect(lastOf([engagement(9, noon()), engagement(10, noon())])?.event_id).toBe(10);
  });

  it("show the last event as its newest revision has it", () => {
    const last = lastOf([engagement(1, noon()), content("c")]);
    expect([last?.content_type, last?.engagement_pct, last?.revision]).toEqual(["video", 0.02, 2]);
  });

  it("count late events too", () => {
    const records = [engagement(1, noon(300)), engagement(2, noon(-1))];
    expect(judge(records).views.content["1"]?.minutes).toEqual({ "202401011159": 1, "202401011205": 1 });
  });

  it("tell the top of the latest event's minute and the nine before it", () => {
    const at = (id: number, content_id: number, time: number) => engagement(id, time, { content_id });
    const records = [at(1, 3, noon(59)), at(2, 4, noon(-1)), at(3, 5, noon() - 1), at(4, 6, noon())];
    const newest = at(5, 7, noon(599) + 999);
    expect(judge([newest, ...records]).views.top).toEqual([
      { contentId: "3", count: 1 },
      { contentId: "6", count: 1 },
      { contentId: "7", count: 1 },
    ]);
    expect(judge([at(6, 7, noon(600)), ...records]).views.top).toEqual([{ contentId: "7", count: 1 }]);
  });

  it("tell the highest of the top first, and of equal ones the least id, by value", () => {
    const ids = [10, 9, 2, 10, 9, 2, 11, 11, 11, 1];
    const { top } = judge(ids.map((content_id, i) => engagement(i, noon(i), { content_id }))).views;
    expect(top.map(({ contentId, count }) => `${contentId}: ${count}`)).toEqual([
      "11: 3",
      "2: 2",
      "9: 2",
      "10: 2",
      "1: 1",
    ]);
  });

  it("take nothing from a duplicate, not even what is latest", () => {
    const records = [engagement(1, noon()), engagement(1, noon(3_600))];
    expect(judge(records).views.top).toEqual([{ contentId: "1", count: 1 }]);
  });
});
