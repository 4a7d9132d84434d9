import { setTimeout } from "node:timers/promises";
import type { Context } from "aws-lambda";
import { afterEach, describe, expect, it } from "vitest";
import type { BackfillApp } from "../../../functions/backfill/backfill.ts";
import { createHandler } from "../../../functions/backfill/handler.ts";
import { functions } from "../../../functions/manifest.ts";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import type { EventRow, EventRows } from "../../../shared/ports/event-rows.ts";
import { silentMeter } from "../../../shared/ports/meter.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import type { StateStore } from "../../../shared/ports/state-store.ts";
import { noCounts } from "../../../shared/runtime/counts.ts";
import type { ImmediateSink, SendOutcome } from "../../../shared/runtime/immediate-sinks.ts";
import { readSettings } from "../../../shared/settings/settings.ts";
import { DynamoStateStore } from "../../../shared/state/dynamo-state-store.ts";
import { fakeDynamo } from "../../support/fake-dynamodb.ts";
import { jsonRowFormat } from "../../support/json-row-format.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { context } from "./embedded-functions.ts";

const noon = Date.UTC(2024, 0, 1, 12);
const minute = 60_000;
const hour = { start: "2024-01-01T12:00:00Z", end: "2024-01-01T13:00:00Z" };
const open: SqliteStateStore[] = [];
afterEach(() => {
  for (const store of open.splice(0)) store.close();
});

/** Five events, a minute apart, of a video of 300 seconds; two in a portion, whatever is asked for. */
class Table implements EventRows {
  /** The ids that portions have begun with. */
  readonly portions: string[] = [];

  async count() {
    return 5;
  }

  async *read({ start, end, after = "0" }: Parameters<EventRows["read"]>[0]) {
    const ids = [1, 2, 3, 4, 5].filter((id) => timeOf(id) >= start && timeOf(id) < end && id > Number(after));
    for (let from = 0; from < ids.length; from += 2) {
      this.portions.push(String(ids[from]));
      yield ids.slice(from, from + 2).map(rowOf);
    }
  }

  async close() {}
}

const timeOf = (id: number) => noon + id * minute;

function rowOf(id: number): EventRow {
  const event_ts = new Date(timeOf(id)).toISOString();
  const after = { id, content_id: 1, user_id: "ann", event_type: "play", event_ts, duration_ms: 7_000 };
  const content = { content_id: 1, content_type: "video", length_seconds: 300 };
  return {
    id: String(id),
    change: JSON.stringify({ op: "c", after }),
    content: JSON.stringify({ op: "c", after: content }),
  };
}

interface Setting {
  readonly store?: StateStore;
  readonly objects?: ObjectStore;
  readonly send?: (entities: readonly string[], signal?: AbortSignal) => Promise<SendOutcome>;
  readonly afterPortion?: () => Promise<void>;
}

function setUp({ store, objects = new MemoryObjectStore(), send, afterPortion }: Setting = {}) {
  const clock = { now: () => noon + 60 * minute };
  const newStore = () => {
    const made = new SqliteStateStore({ path: ":memory:", clock });
    open.push(made);
    return made;
  };
  const rows = new Table();
  const opened: string[] = [];
  const app: BackfillApp = {
    settings: { ...readSettings("engagement", { sinks: ["s3", "http", "views"] }), partitions: 2 },
    surroundings: {
      ...{ store: store ?? newStore(), objects, rowFormat: jsonRowFormat, clock, meter: silentMeter },
      ...{ futureClock: "wall", expires: false },
    },
    rows,
    openSink: async (name) => {
      opened.push(name);
      const accept = async (): Promise<SendOutcome> => ({ kind: "accepted" });
      const sink: ImmediateSink = {
        ...{ name, batchMax: 500, lines: 1 },
        send: (batch, signal) =>
          (send ?? accept)(
            batch.map(({ output }) => output.entity),
            signal,
          ),
        payload: ({ output }) => ({ output }),
      };
      return sink;
    },
    ...(afterPortion && { afterPortion }),
  };
  return { handler: createHandler(app), rows, opened };
}

/** Of a function whose time is up as soon as its handler asks. Middy asks after it, for a limit of its own. */
function noTime(): Context {
  const left = [0];
  return { ...context, getRemainingTimeInMillis: () => left.shift() ?? 60_000 };
}

const brought = (accepted: number, duplicate = 0) => {
  return { ...noCounts, accepted, duplicate, finals: accepted, revisions: accepted };
};

describe("the backfill function", () => {
  it("takes a range in, and says what came of it", async () => {
    const { handler, opened } = setUp();
    const progress = { isDone: true, rows: 5, total: 5, unusable: 0 };
    expect(await handler(hour, context)).toEqual({ ...progress, counts: brought(5) });
    expect(await handler(hour, context)).toEqual({ ...progress, counts: brought(0, 5) });
    expect(opened).toEqual([]);
  });

  it.each([
    ["text in another zone", { start: "2024-01-01T14:01:00+02:00", end: "2024-01-01T14:03:00.000+02:00" }],
    ["epoch milliseconds", { start: timeOf(1), end: timeOf(3) }],
  ])("takes times as %s: the start in, the end out", async (_, event) => {
    const { handler } = setUp();
    expect(await handler(event, context)).toEqual({ isDone: true, rows: 2, total: 5, unusable: 0, counts: brought(2) });
  });

  it("repairs the one sink that it is told", async () => {
    const sent: string[] = [];
    const send = async (entities: readonly string[]): Promise<SendOutcome> => {
      sent.push(...entities);
      return { kind: "accepted" };
    };
    const { handler, opened } = setUp({ send });
    const answer = await handler({ ...hour, sink: "http" }, context);
    expect(answer).toEqual({ isDone: true, rows: 5, total: 5, unusable: 0, counts: noCounts });
    expect([opened, sent]).toEqual([["http"], ["1", "2", "3", "4", "5"]]);
  });

  it("answers ahead of its time limit how far it is, and goes on when it is invoked again", async () => {
    const { handler, rows } = setUp({ afterPortion: () => setTimeout(5) });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await handler(hour, noTime()));
    const part = (rows: number) => ({
      isDone: false,
      rows,
      total: 5,
      unusable: 0,
      counts: brought(rows),
    });
    expect(answers.slice(0, 2)).toEqual([part(2), part(4)]);
    expect(await handler(hour, context)).toMatchObject({ isDone: true, rows: 5, counts: { accepted: 5 } });
    expect(rows.portions.slice(0, 5)).toEqual(["1", "3", "3", "5", "5"]);
  });

  it("answers so too where its time is up while it sends", async () => {
    const untilCut = async (_: readonly string[], signal?: AbortSignal): Promise<SendOutcome> => {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      return { kind: "unavailable", reason: "cut short by this side" };
    };
    const { handler } = setUp({ send: untilCut });
    const answer = await handler({ ...hour, sink: "http" }, noTime());
    expect(answer).toEqual({ isDone: false, rows: 0, total: 5, unusable: 0, counts: noCounts });
  });

  it("fails where a sink is down, and says so", async () => {
    const down = async (): Promise<SendOutcome> => ({ kind: "unavailable", reason: "HTTP 503" });
    const { handler } = setUp({ send: down });
    await expect(handler({ ...hour, sink: "http" }, context)).rejects.toThrow("http: HTTP 503; run the backfill again");
  });

  it("begins another only where the one that has stopped is abandoned", async () => {
    const { handler } = setUp({ afterPortion: () => setTimeout(5) });
    await handler(hour, noTime());
    const other = { ...hour, start: "2024-01-01T12:03:00Z" };
    await expect(handler(other, context)).rejects.toThrow("has stopped after 2 events");
    await expect(handler({ ...other, abandon: false }, context)).rejects.toThrow("has stopped after 2 events");
    expect(await handler({ ...other, abandon: true }, context)).toMatchObject({ isDone: true, rows: 3 });
  });
});

describe("an event of the backfill function", () => {
  const refused = "the event of the backfill: ";

  it("is refused with everything that is wrong at once", async () => {
    const { handler, rows } = setUp();
    const event = { start: "yesterday", sink: "htpp", abandon: "yes", strat: 1 };
    await expect(handler(event, context)).rejects.toThrow(
      `${refused}start takes a time such as 2024-01-01T00:00:00Z, not "yesterday"; ` +
        "end is missing; give a time such as 2024-01-01T00:00:00Z; " +
        'there is no sink "htpp"; did you mean http?; abandon is true or false, not "yes"; ' +
        'there is no "strat"; did you mean start?',
    );
    expect(rows.portions).toEqual([]);
  });

  it.each<[event: unknown, says: string]>([
    [null, "it is null, not an object"],
    [[hour], "it is a list, not an object"],
    ["2024-01-01", 'it is "2024-01-01", not an object'],
    [{ ...hour, start: null }, "start takes a time such as 2024-01-01T00:00:00Z, not null"],
    [{ ...hour, start: 1.5 }, "start takes a time such as 2024-01-01T00:00:00Z, not 1.5"],
    [{ ...hour, start: -1 }, "start takes a time such as 2024-01-01T00:00:00Z, not -1"],
    [{ ...hour, end: 253_402_300_800_000 }, "end takes a time such as 2024-01-01T00:00:00Z, not 253402300800000"],
    [
      { ...hour, end: "2024-02-30T00:00:00Z" },
      'end takes a time such as 2024-01-01T00:00:00Z, not "2024-02-30T00:00:00Z"',
    ],
    [{ ...hour, sink: null }, "there is no sink null; known are s3, http, kafka, views, clickhouse, redis"],
    [{ ...hour, sink: "" }, 'there is no sink ""; known are s3, http, kafka, views, clickhouse, redis'],
    [{ ...hour, abandon: 1 }, "abandon is true or false, not 1"],
  ])("can't be %j", async (event, says) => {
    await expect(setUp().handler(event, context)).rejects.toThrow(refused + says);
  });

  it("can't end before it begins, nor be for a sink that the deployment hasn't", async () => {
    const { handler } = setUp();
    await expect(handler({ start: hour.end, end: hour.start }, context)).rejects.toThrow("must lie before its end");
    await expect(handler({ ...hour, sink: "redis" }, context)).rejects.toThrow("engagement has no sink redis here");
  });
});

describe("the rights of the backfill function", () => {
  const granted = functions.find(({ name }) => name === "backfill")?.actions;

  it("are what it uses of the tables, and no more", async () => {
    const { client, mock } = fakeDynamo(["entities", "progress"]);
    const clock = { now: () => noon + 60 * minute };
    const store = new DynamoStateStore({ client, entitiesTable: "entities", progressTable: "progress", clock });
    const { handler } = setUp({ store });
    await handler(hour, context);
    for (const sink of ["s3", "views", "http"]) await handler({ ...hour, sink }, context);
    const used = { entities: new Set<string>(), progress: new Set<string>() };
    for (const { args } of mock.calls()) {
      const [command] = args;
      const { TableName, RequestItems } = command.input as { TableName?: string; RequestItems?: object };
      const tables = TableName ? [TableName] : Object.keys(RequestItems ?? {});
      for (const table of tables) {
        used[table as keyof typeof used].add(`dynamodb:${command.constructor.name.replace("Command", "")}`);
      }
    }
    expect([...used.entities].toSorted()).toEqual(granted?.entities.toSorted());
    expect([...used.progress].toSorted()).toEqual(granted?.progress.toSorted());
  });

  it("are what it uses of the bucket, also where an earlier try was there", async () => {
    const objects = new MemoryObjectStore();
    const used = new Set<string>();
    const uses = (right: string) => {
      used.add(right);
      return objects;
    };
    const noted: ObjectStore = {
      create: (...args) => uses("s3:PutObject").create(...args),
      read: (...args) => uses("s3:GetObject").read(...args),
      list: (...args) => uses("s3:ListBucket").list(...args),
    };
    const { handler } = setUp({ objects: noted });
    await handler(hour, context);
    const { handler: again } = setUp({ objects: noted });
    await again(hour, context);
    expect([...used].toSorted()).toEqual(granted?.bucket.toSorted());
  });
});
