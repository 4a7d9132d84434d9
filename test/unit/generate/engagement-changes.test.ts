import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Change,
  changeFields,
  changeKey,
  contentRow,
  deletedContentRow,
  deletedEventRow,
  eventRow,
  zonedTimestamp,
} from "../../../localstack/generate/engagement-changes.ts";
import { type TimeType, withSchema } from "../../../localstack/generate/engagement-schemas.ts";
import { contentTable, engagementEvents } from "../../../shared/pipelines/engagement/records.ts";

interface Written {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string;
}

/** What Debezium 3.6.1 wrote of the two tables in a PostgreSQL 15. */
const written = JSON.parse(readFileSync("test/unit/generate/debezium-records.json", "utf8")) as Readonly<
  Record<
    "createdEvent" | "readContent" | "keyed" | "updatedContent" | "deletedContent" | "deletedEvent" | "truncated",
    Written
  >
>;

const when = {
  committed: Date.parse("2024-01-01T12:00:00Z"),
  processed: Date.parse("2024-01-01T12:00:01Z"),
  number: 7,
};
const change = (of: Omit<Change, keyof typeof when>) => changeFields({ ...of, ...when });
const nothing = { user: "u_7", type: "finish", duration: null, device: null, rawPayload: null };

/** Every field in its order. Of what differs from one change to the next only the kind of value is left. */
function shapeOf(text: string): string {
  return JSON.stringify(JSON.parse(text), (name: string, value: unknown) => {
    if (name === "sequence") return String(value).replaceAll(/\d+/g, "N");
    return /^(ts_[mun]s|txId|lsn)$/.test(name) && value !== null ? typeof value : value;
  });
}

describe("a change", () => {
  it.each([
    ["of an event that was created, with its schema", "createdEvent"],
    ["of a content that a snapshot has read, with its schema", "readContent"],
    ["of an id beyond 2^53", "keyed"],
    ["of a content that was updated", "updatedContent"],
    ["of a content that was deleted", "deletedContent"],
    ["of an event that was deleted", "deletedEvent"],
    ["of a table that was truncated", "truncated"],
  ] as const)("%s is as Debezium writes it", (_, name) => {
    const time = zonedTimestamp(Date.parse("2024-01-01T12:10:00Z"), 0);
    const rawPayload = '{"n": 1.50, "player": "web"}';
    const row16 = { id: "16", contentId: "1", user: "u_7", type: "play", time, duration: 7_000, device: "ios" };
    const preciseTime = zonedTimestamp(Date.parse("2024-01-01T12:10:00.123Z"), 457);
    const made = {
      createdEvent: withSchema(
        engagementEvents,
        change({ topic: engagementEvents, op: "c", after: eventRow({ ...row16, rawPayload }) }),
      ),
      readContent: withSchema(
        contentTable,
        change({ topic: contentTable, op: "r", after: contentRow(content("1", 300)), snapshot: "first" }),
      ),
      keyed: change({
        topic: engagementEvents,
        op: "c",
        after: eventRow({ ...nothing, id: "17", contentId: "9007199254740993", time: preciseTime }),
      }),
      updatedContent: change({ topic: contentTable, op: "u", after: contentRow(content("1", 310)) }),
      deletedContent: change({ topic: contentTable, op: "d", before: deletedContentRow("2") }),
      deletedEvent: change({ topic: engagementEvents, op: "d", before: deletedEventRow("30") }),
      truncated: change({ topic: contentTable, op: "t" }),
    };
    // The first change after a start knows of none that was committed before it.
    const real = shapeOf(written[name].value).replace('[null,\\"N\\"]', '[\\"N\\",\\"N\\"]');
    expect(shapeOf(JSON.stringify(made[name])).replace('[null,\\"N\\"]', '[\\"N\\",\\"N\\"]')).toBe(real);
  });

  it("has the key that Debezium gives it", () => {
    expect(changeKey("9007199254740993")).toBe(written.keyed.key);
    expect(changeKey("1")).toBe(written.updatedContent.key);
  });

  it("tells its times in milliseconds, microseconds and nanoseconds", () => {
    const { source, ...payload } = change({ topic: contentTable, op: "t" });
    const { ts_ms, ts_us, ts_ns } = source as Record<string, unknown>;
    expect([ts_ms, ts_us, JSON.stringify(ts_ns)]).toEqual([
      when.committed,
      when.committed * 1_000 + 7,
      "1704110400000007000",
    ]);
    expect([payload.ts_ms, payload.ts_us]).toEqual([when.processed, when.processed * 1_000 + 259]);
  });

  it("is further on in the database's log than the one before it", () => {
    const lsnOf = (number: number) => {
      const { source } = changeFields({ topic: contentTable, op: "t", ...when, number });
      return (source as { lsn: number }).lsn;
    };
    expect(lsnOf(8)).toBeGreaterThan(lsnOf(7));
  });
});

describe("a schema", () => {
  it.each([
    ["ZonedTimestamp", "string"],
    ["Timestamp", "int64"],
    ["MicroTimestamp", "int64"],
    ["NanoTimestamp", "int64"],
  ] as const)("says that a time is a %s, which is a %s", (timeType: TimeType, type) => {
    const { schema } = withSchema(engagementEvents, {}, timeType) as { schema: { fields: { fields: object[] }[] } };
    for (const side of schema.fields.slice(0, 2)) {
      const name = `io.debezium.time.${timeType}`;
      expect(side.fields).toContainEqual(expect.objectContaining({ field: "event_ts", name, type }));
    }
  });
});

function content(contentId: string, length: number) {
  return { contentId, type: "video", length };
}
