import { describe, expect, it } from "vitest";
import { judgeConversions } from "../../support/oracle/conversions-oracle.ts";
import { fileLines, noon, type Sent, toldFates } from "./file-lines.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const settings = { allowedLateness: 5 * minute, attributionWindow: day, maxFutureSkew: 5 * minute };

function click(id: string, time: number, more: object = {}): Sent {
  const event = { event_type: "click", event_id: id, user_id: "u1", campaign_id: "A", ad_id: `ad of ${id}` };
  return { ts: time, payload: { ...event, source: `source of ${id}`, timestamp: time, metadata: { n: 1 }, ...more } };
}

function conversion(id: string, time: number, more: object = {}): Sent {
  const event = { event_type: "conversion", event_id: id, user_id: "u1", campaign_id: "A", type: "purchase" };
  return { ts: time, payload: { ...event, value: "99.99", source: "site", timestamp: time, ...more } };
}

const inPartition = (partition: number, sent: Sent) => ({ ...sent, partition });
const judge = (records: readonly Sent[], more = {}) =>
  judgeConversions(fileLines("raw-events", records), { ...settings, ...more });
const credits = (records: readonly Sent[], more = {}) =>
  judge(records, more).rows.map(({ conversion_id, click_id }) => `${conversion_id} <- ${click_id}`);

describe("a conversion, of the system that this one replaces", () => {
  it("is credited to the click before it", () => {
    expect(judge([click("c1", 1_000), conversion("v1", 5_000, { value: 99.99 })]).rows).toEqual([
      {
        event_type: "attributed_conversion",
        conversion_id: "v1",
        click_id: "c1",
        user_id: "u1",
        ad_id: "ad of c1",
        campaign_id: "A",
        source: "source of c1",
        conversion_type: "purchase",
        value: "99.99",
        click_time: 1_000,
        conversion_time: 5_000,
        attribution_window_hours: 24,
        attributed: true,
        final: true,
      },
    ]);
  });

  it("without a click is there all the same, with its own source", () => {
    expect(judge([conversion("v1", 5_000)]).rows).toEqual([
      {
        event_type: "attributed_conversion",
        conversion_id: "v1",
        click_id: null,
        user_id: "u1",
        ad_id: null,
        campaign_id: "A",
        source: "site",
        conversion_type: "purchase",
        value: "99.99",
        click_time: null,
        conversion_time: 5_000,
        attribution_window_hours: 24,
        attributed: false,
        final: true,
      },
    ]);
  });

  it("exactly a window after the click is credited to it", () => {
    expect(credits([click("c1", 1_000), conversion("v1", 1_000 + day)])).toEqual(["v1 <- c1"]);
  });

  it.each([1, 1_000])("more than a window after the click is not, by %d ms", (beyond) => {
    expect(credits([click("c1", 1_000), conversion("v1", 1_000 + day + beyond)])).toEqual(["v1 <- null"]);
  });

  it("before the click is not credited to it", () => {
    expect(credits([conversion("v1", 1_000), click("c1", 5_000)])).toEqual(["v1 <- null"]);
    expect(credits([conversion("v1", 1_000), click("c1", 1_001)])).toEqual(["v1 <- null"]);
  });

  it("counts once", () => {
    const { rows, counts } = judge([click("c1", 1_000), conversion("v1", 5_000), conversion("v1", 6_000)]);
    expect(rows.map(({ conversion_time }) => conversion_time)).toEqual([5_000]);
    expect(counts).toEqual({
      "raw-events": {
        read: 3,
        accepted: 2,
        duplicate: 1,
        ignored: 0,
        rejected: { malformed: 0, late: 0, future: 0, oversized: 0 },
      },
    });
  });

  it("counts once in each of two campaigns, for whatever value", () => {
    const records = [
      click("c1", 1_000),
      click("c2", 2_000, { campaign_id: "B" }),
      conversion("v1", 5_000, { value: "50.00" }),
      conversion("v2", 6_000, { campaign_id: "B", value: 0.0 }),
    ];
    const { rows } = judge(records);
    expect(rows.map((row) => [row.conversion_id, row.click_id, row.campaign_id, row.value])).toEqual([
      ["v1", "c1", "A", "50"],
      ["v2", "c2", "B", "0"],
    ]);
  });
});

describe("the best click", () => {
  it("is the latest by its own time, in whatever order they arrive", () => {
    expect(credits([click("new", noon(9)), click("old", noon(5)), conversion("v", noon(10))])).toEqual(["v <- new"]);
    expect(credits([conversion("v", noon(10)), click("new", noon(9)), click("old", noon(5))])).toEqual(["v <- new"]);
  });

  it("may be of the conversion's own time, and come after it", () => {
    expect(credits([conversion("v", noon()), click("c", noon())])).toEqual(["v <- c"]);
  });

  it("is the one with the greater id by code point where two are of one time", () => {
    // U+FF5E is before U+1F600, whose first half in UTF-16 is before U+FF5E.
    const clicks = [click("😀", noon()), click("～", noon()), click("z", noon())];
    expect(credits([...clicks, conversion("v", noon(1))])).toEqual(["v <- 😀"]);
    expect(credits([...clicks.reverse(), conversion("v", noon(1))])).toEqual(["v <- 😀"]);
  });

  it("is of the same user, campaign and partition", () => {
    const own = click("own", noon());
    const others = [
      click("user", noon(1), { user_id: "u2" }),
      click("campaign", noon(1), { campaign_id: "B" }),
      inPartition(1, click("partition", noon(1))),
    ];
    expect(credits([own, ...others, conversion("v", noon(2))])).toEqual(["v <- own"]);
  });

  it("may be the same for many conversions", () => {
    const records = [click("c", noon()), conversion("v2", noon(2)), conversion("v1", noon(1))];
    expect(credits(records)).toEqual(["v1 <- c", "v2 <- c"]);
  });

  it("may have gone by the watermark long ago", () => {
    expect(credits([click("c", noon()), conversion("v", noon(3_600))])).toEqual(["v <- c"]);
  });

  it("has the hours of its window in the row, as a fraction where they are one", () => {
    const { rows } = judge([conversion("v", noon())], { attributionWindow: 90 * minute });
    expect(rows.map((row) => row.attribution_window_hours)).toEqual([1.5]);
  });
});

describe("an event", () => {
  const judged = (records: readonly Sent[], more = {}) =>
    judge(records, more).fates.map(({ fate, reason, watermark }) => [reason ?? fate, watermark]);

  it("is late before its partition's watermark, and not at it", () => {
    const records = [conversion("v", noon(300)), click("at", noon()), click("before", noon() - 1)];
    expect(judged(records)).toEqual([
      ["accepted", null],
      ["accepted", noon()],
      ["late", noon()],
    ]);
    expect(credits(records)).toEqual(["v <- at"]);
  });

  it("is not late because of another partition", () => {
    expect(judged([conversion("v", noon(900)), inPartition(1, click("c", noon()))])).toEqual([
      ["accepted", null],
      ["accepted", null],
    ]);
  });

  it("is late before it is a duplicate", () => {
    const records = [click("c", noon()), conversion("v", noon(301)), click("c", noon())];
    expect(toldFates(judge(records).fates)).toEqual(["accepted", "accepted", "late"]);
  });

  it("is a duplicate at another time, as long as its record could still come", () => {
    const records = [conversion("v", noon()), conversion("w", noon(300)), conversion("v", noon(200))];
    expect(toldFates(judge(records).fates)).toEqual(["accepted", "accepted", "duplicate"]);
  });

  it("is a new one at another time once its record would be late", () => {
    const records = [conversion("v", noon()), conversion("w", noon(301)), conversion("v", noon(200))];
    const { fates, rows } = judge(records);
    expect(toldFates(fates)).toEqual(["accepted", "accepted", "accepted"]);
    expect(rows.map((row) => [row.conversion_id, row.conversion_time])).toEqual([
      ["v", noon()],
      ["v", noon(200)],
      ["w", noon(301)],
    ]);
  });

  it("moves the watermark on as a duplicate", () => {
    const records = [conversion("v", noon()), conversion("v", noon(310)), click("c", noon())];
    expect(judged(records)).toEqual([
      ["accepted", null],
      ["duplicate", noon(-300)],
      ["late", noon(10)],
    ]);
  });

  it("is too far ahead of its record beyond the skew, and then moves nothing", () => {
    const ahead = (by: number) => ({ ...conversion(`by ${by}`, noon() + by), ts: noon() });
    expect(judged([ahead(5 * minute + 1), ahead(5 * minute), click("c", noon())])).toEqual([
      ["future", null],
      ["accepted", null],
      ["accepted", noon()],
    ]);
  });

  it("may bear the id of one of the other kind", () => {
    expect(credits([click("1", noon()), conversion("1", noon())])).toEqual(["1 <- 1"]);
  });

  it("has an id that is text or a whole number, of any length", () => {
    const payload = `{"event_type":"conversion","event_id":9007199254740993,"user_id":7,"campaign_id":"A","type":"","value":1,
      "source":"","timestamp":"2024-01-01T12:00:00.5+01:00"}`;
    expect(judge([{ ts: noon(), payload }]).rows).toMatchObject([
      { conversion_id: "9007199254740993", user_id: "7", value: "1", conversion_time: noon(-3_600) + 500 },
    ]);
  });

  it.each([
    ["no object", "[]"],
    ["null", "null"],
    ["half a text", '{"event_type":"click"'],
    ["no type", { ...conversion("v", noon()), payload: { event_id: "v" } }],
    ["a type that is no text", conversion("v", noon(), { event_type: 1 })],
    ["no id", conversion("v", noon(), { event_id: undefined })],
    ["an empty id", conversion("v", noon(), { event_id: "" })],
    ["half a surrogate pair in an id", conversion("v", noon(), { event_id: "v\ud83d" })],
    ["a fraction as an id", conversion("v", noon(), { event_id: 1.5 })],
    ["no user", conversion("v", noon(), { user_id: null })],
    ["no campaign", conversion("v", noon(), { campaign_id: null })],
    ["no time", conversion("v", noon(), { timestamp: null })],
    ["a time of no day", conversion("v", noon(), { timestamp: "2023-02-29T12:00:00Z" })],
    ["no source", conversion("v", noon(), { source: null })],
    ["a source that is no text", click("c", noon(), { source: 7 })],
    ["no ad", click("c", noon(), { ad_id: null })],
    ["no value", conversion("v", noon(), { value: null })],
    ["a value that is no number", conversion("v", noon(), { value: "much" })],
    ["a value with 7 places", conversion("v", noon(), { value: "0.1234567" })],
    ["no type of conversion", conversion("v", noon(), { type: null })],
  ])("is malformed with %s", (_, sent) => {
    const record = typeof sent === "string" ? { ts: noon(), payload: sent } : sent;
    expect(toldFates(judge([record]).fates)).toEqual(["malformed"]);
  });

  it("is ignored as a tombstone, of a type unknown, or of another topic", () => {
    const other = fileLines("page_views", [click("c", noon())]);
    const lines = fileLines("raw-events", [
      { ts: noon(), payload: null },
      { ts: noon(), payload: '{"event_type":"impression"}' },
    ]);
    const { fates, counts, rows } = judgeConversions([...lines, ...other], settings);
    expect(toldFates(fates)).toEqual(["ignored", "ignored", "ignored"]);
    expect([counts["raw-events"]?.ignored, counts.page_views?.ignored, rows]).toEqual([2, 1, []]);
  });

  it("that is delivered again takes effect once, and counts once", () => {
    const lines = fileLines("raw-events", [click("c", noon()), conversion("v", noon(1))]);
    expect(judgeConversions([...lines, ...lines], settings)).toEqual(judgeConversions(lines, settings));
  });
});

it("refuses a line that does not say where its record stands", () => {
  const line = '{"topic":"raw-events","partition":0,"ts":0,"payload":null}';
  expect(() => judgeConversions([line], settings)).toThrow("A record needs partition, offset and ts");
});
