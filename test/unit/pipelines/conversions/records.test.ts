import { describe, expect, it } from "vitest";
import { parseRecord } from "../../../../shared/pipelines/conversions/records.ts";

const parse = (text: string) => parseRecord(new TextEncoder().encode(text));
const click = {
  event_type: "click",
  event_id: "c1",
  user_id: "u1",
  campaign_id: "shoes",
  ad_id: "ad7",
  source: "search",
  timestamp: 1_704_110_400_000,
};
const conversion = {
  event_type: "conversion",
  event_id: "v1",
  user_id: "u1",
  campaign_id: "shoes",
  type: "purchase",
  value: 99.99,
  source: "shop",
  timestamp: 1_704_110_405_000,
};
type Fields = Readonly<Record<string, unknown>>;
const parseFields = (fields: Fields) => parse(JSON.stringify(fields));
const malformed = (message: string) => ({ kind: "rejected", reason: "malformed", message });
const valueIn = (value: string) => {
  const { value: _, ...others } = conversion;
  const parsed = parse(JSON.stringify(others).replace("{", `{"value":${value},`));
  return parsed.kind === "record" && parsed.record.kind === "conversion" ? parsed.record.value : parsed;
};

const readClick = {
  ...{ kind: "click", key: "u1", id: "c1", time: 1_704_110_400_000 },
  ...{ campaign: "shoes", ad: "ad7", source: "search" },
};
const readConversion = {
  ...{ kind: "conversion", key: "u1", id: "v1", time: 1_704_110_405_000 },
  ...{ campaign: "shoes", type: "purchase", value: "99.99", source: "shop" },
};

describe("a click", () => {
  it("is read with all that it needs", () => {
    expect(parseFields(click)).toEqual({ kind: "record", record: readClick });
  });

  it.each([
    ["metadata of any kind", { metadata: { value: 1, event_type: "conversion", user_id: "u9" } }],
    ["metadata that is null", { metadata: null }],
    ["a type and a value, which are a conversion's", { type: 7, value: "much" }],
  ])("may bring %s, which is not looked at", (_, more) => {
    expect(parseFields({ ...click, ...more })).toEqual({ kind: "record", record: readClick });
    expect(parseFields({ ...more, ...click })).toEqual({ kind: "record", record: readClick });
  });

  it("may have integers for ids, which are kept exactly, and its time as text", () => {
    const text = `{"event_type":"click","event_id":9007199254740993,"user_id":18446744073709551615,"campaign_id":-1,"ad_id":0,"source":"","timestamp":"2024-01-01T13:00:00.5+01:00"}`;
    expect(parse(text)).toEqual({
      kind: "record",
      record: {
        ...{ kind: "click", key: "18446744073709551615", id: "9007199254740993", time: 1_704_110_400_500 },
        ...{ campaign: "-1", ad: "0", source: "" },
      },
    });
  });

  it.each(["event_id", "user_id", "campaign_id", "ad_id", "source", "timestamp"])("needs %s, not null", (name) => {
    expect(parseFields({ ...click, [name]: null })).toEqual(malformed(`${name} is missing`));
    expect(parseFields({ ...click, [name]: undefined })).toEqual(malformed(`${name} is missing`));
  });

  it.each([
    [{ event_id: "" }, "event_id is empty"],
    [{ user_id: true }, "user_id is neither text nor an integer"],
    [{ campaign_id: 1.5 }, "campaign_id is not an integer"],
    [{ ad_id: ["a"] }, "ad_id is neither text nor an integer"],
    [{ source: 7 }, "source is not text: 7"],
    [{ timestamp: -1 }, "timestamp is no event time of the years 1970 to 9999: -1"],
    [{ timestamp: "soon" }, "timestamp is no event time of the years 1970 to 9999: soon"],
  ])("is malformed with %j", (fields, message) => {
    expect(parseFields({ ...click, ...fields })).toEqual(malformed(message));
  });

  it("is oversized with an id of 1,025 bytes", () => {
    const message = "ad_id of 1025 bytes is longer than 1024";
    expect(parseFields({ ...click, ad_id: "x".repeat(1_025) })).toEqual({
      kind: "rejected",
      reason: "oversized",
      message,
    });
  });
});

describe("a conversion", () => {
  it("is read with all that it needs", () => {
    expect(parseFields(conversion)).toEqual({ kind: "record", record: readConversion });
  });

  it.each(["event_id", "user_id", "campaign_id", "type", "value", "source", "timestamp"])(
    "needs %s, not null",
    (name) => {
      expect(parseFields({ ...conversion, [name]: null })).toEqual(malformed(`${name} is missing`));
      expect(parseFields({ ...conversion, [name]: undefined })).toEqual(malformed(`${name} is missing`));
    },
  );

  it("needs no ad_id, and does not look at one", () => {
    expect(parseFields({ ...conversion, ad_id: {} })).toEqual({ kind: "record", record: readConversion });
  });

  it.each([
    ["99.99", "99.99"],
    ["50.00", "50.00"],
    ["0", "0"],
    ["-0", "0"],
    ["-12.5", "-12.5"],
    ["1.5e2", "150"],
    ["123456789012.345678", "123456789012.345678"],
    ["999999999999999999", "999999999999999999"],
    ['"0.10"', "0.10"],
    ['"-999999999999.999999"', "-999999999999.999999"],
    ['7,"metadata":{"value":8}', "7"],
    ['{"value":8},"value":7', "7"],
    ['8,"value":"7.0"', "7.0"],
  ])("with the value %s is worth %s", (value, worth) => {
    expect(valueIn(value)).toBe(worth);
  });

  it.each(["1000000000000000000", "0.0000001", "1e400", '"1,5"', "true", "[7]", '7,"value":{"value":7}'])(
    "is malformed with the value %s",
    (value) => {
      expect(valueIn(value)).toMatchObject({ kind: "rejected", reason: "malformed" });
    },
  );
});

describe("the type of an event", () => {
  it.each([["impression"], [""], ["Click"], ["click "], ["attributed_conversion"]])(
    "%j is not ours, whatever else the event holds",
    (event_type) => {
      expect(parseFields({ ...click, event_type, event_id: null })).toEqual({ kind: "ignored" });
    },
  );

  it.each([
    [undefined, "event_type is missing"],
    [null, "event_type is missing"],
    [1, "event_type is not text: 1"],
    [["click"], "event_type is not text: object"],
  ])("%j is malformed", (event_type, message) => {
    expect(parseFields({ ...click, event_type })).toEqual(malformed(message));
  });

  it("is the last where it stands twice", () => {
    const text = JSON.stringify({ ...conversion, ...click, event_type: 0 });
    expect(parse(text.replace('"event_type":0', '"event_type":"conversion","event_type":"click"'))).toEqual({
      kind: "record",
      record: readClick,
    });
  });

  it("can't be read from what is no JSON object", () => {
    expect(parse("[]")).toEqual(malformed("value is not a JSON object"));
    expect(parse("click")).toMatchObject({ kind: "rejected", reason: "malformed" });
  });
});
