import { afterEach, describe, expect, it } from "vitest";
import { type BackfillApp, backfill } from "../../functions/backfill/backfill.ts";
import type { BackfillRequest } from "../../functions/backfill/run.ts";
import type { EventRow, EventRows } from "../../shared/ports/event-rows.ts";
import type { Output } from "../../shared/ports/output.ts";
import type { ImmediateSink } from "../../shared/runtime/immediate-sinks.ts";
import { readSettings } from "../../shared/settings/settings.ts";
import { at, Changes, type EngagementWorld, engagementWorld, viewsOf } from "./engagement-world.ts";

const open: EngagementWorld[] = [];
afterEach(() => {
  for (const world of open.splice(0)) world.end();
});

function newWorld(options?: Parameters<typeof engagementWorld>[0]): EngagementWorld {
  const world = engagementWorld(options);
  world.now = at(60);
  open.push(world);
  return world;
}

/** The table: each event's time and content by its id; content 1 is a video of 300 seconds. */
class Table implements EventRows {
  readonly #rows: readonly { id: number; time: number; row: EventRow }[];
  reads = 0;

  constructor(events: readonly (readonly [id: number, time: number, content?: number])[]) {
    const changes = new Changes();
    this.#rows = events.map(([id, time, contentId = 1]) => {
      const change = String(changes.event(id, time, { content_id: contentId }).value);
      const content = contentId === 1 ? String(changes.content(1, ["video", 300]).value) : null;
      return { id, time, row: { id: String(id), change, content } };
    });
  }

  async count() {
    return this.#rows.length;
  }

  async *read({ start, end, after = "-1" }: Parameters<EventRows["read"]>[0]) {
    const wanted = this.#rows.filter(({ id, time }) => time >= start && time < end && id > Number(after));
    // Two at a time, whatever is asked for, so that little input has many portions.
    for (let from = 0; from < wanted.length; from += 2) {
      this.reads++;
      yield wanted.slice(from, from + 2).map(({ row }) => row);
    }
  }

  async close() {}
}

const hour = { start: at(0), end: at(60) };
const table = () => new Table([1, 2, 3, 4, 5].map((id) => [id, at(10 + id)] as const));

function appOf(world: EngagementWorld, rows: EventRows, sink?: ImmediateSink): BackfillApp {
  const { store, objects, rowFormat, meter } = world.engine;
  return {
    settings: { ...readSettings("engagement", { sinks: ["s3", "http", "kafka", "views"] }), partitions: 2 },
    surroundings: {
      ...{ store, objects, rowFormat, meter, clock: { now: () => world.now } },
      futureClock: "wall",
      expires: world.settings.forgets,
    },
    rows,
    openSink: async () => {
      if (!sink) throw new Error("no sink was to be opened");
      return sink;
    },
  };
}

/** What the last of its progress says. */
async function run(app: BackfillApp, request: BackfillRequest, signal?: AbortSignal) {
  const all = await Array.fromAsync(backfill(app, request, signal));
  const { isDone, rows, counts } = all.at(-1) ?? { isDone: false, rows: 0, counts: undefined };
  return { isDone, rows, accepted: counts?.accepted, duplicate: counts?.duplicate };
}

async function rowsOf(world: EngagementWorld): Promise<string[]> {
  const rows = await world.finals();
  return rows.map((row) => `${row.event_id}:${row.revision} ${row.content_type} ${row.engagement_pct}`).sort();
}

const allRows = [1, 2, 3, 4, 5].map((id) => `${id}:1 video 0.02`);

describe("a backfill", () => {
  it("takes events in that the pipeline doesn't know, for all sinks, with what their table says of the content", async () => {
    const world = newWorld();
    expect(await run(appOf(world, table()), hour)).toEqual({ isDone: true, rows: 5, accepted: 5, duplicate: 0 });
    expect(await rowsOf(world)).toEqual(allRows);
    const ids = world.revisions().map(({ id, final }) => `${id} ${final}`);
    expect(ids).toEqual([1, 2, 3, 4, 5].map((id) => `engagement:${id}:1 true`));
    expect(await viewsOf(world).count("1")).toBe(5);
    expect(await viewsOf(world).last("1")).toMatchObject({ event_id: 5, engagement_pct: 0.02 });
  });

  it("adds nothing to what came through the log, nor does another over an overlapping range", async () => {
    const world = newWorld();
    const changes = new Changes();
    await world.deliver([changes.content(1, ["video", 300])]);
    await world.deliver([changes.event(2, at(12)), changes.event(4, at(14))]);
    expect(await run(appOf(world, table()), hour)).toEqual({ isDone: true, rows: 5, accepted: 3, duplicate: 2 });
    const middle = { start: at(12), end: at(14) };
    expect(await run(appOf(world, table()), middle)).toEqual({ isDone: true, rows: 2, accepted: 0, duplicate: 2 });
    expect(await run(appOf(world, table()), hour)).toEqual({ isDone: true, rows: 5, accepted: 0, duplicate: 5 });
    await world.deliver([changes.event(1, at(11)), changes.event(5, at(15)), changes.event(6, at(16))]);
    await world.settle("end");
    expect(await rowsOf(world)).toEqual([...allRows, "6:1 video 0.02"]);
    expect(await viewsOf(world).count("1")).toBe(6);
    expect(world.revisions()).toHaveLength(6);
  });

  it("takes its start in and leaves its end out", async () => {
    const world = newWorld();
    await run(appOf(world, table()), { start: at(12), end: at(14) });
    expect(await rowsOf(world)).toEqual(allRows.slice(1, 3));
  });

  it("has no content where its table has none, and waits for none", async () => {
    const world = newWorld();
    await run(appOf(world, new Table([[1, at(10), 7]])), hour);
    expect(await rowsOf(world)).toEqual(["1:1 null null"]);
    expect(world.revisions().map(({ final }) => final)).toEqual([true]);
  });

  it("goes on where it was stopped", async () => {
    const world = newWorld();
    const stop = new AbortController();
    const rows = table();
    const app = { ...appOf(world, rows), afterPortion: async () => stop.abort() };
    expect(await run(app, hour, stop.signal)).toEqual({ isDone: false, rows: 2, accepted: 2, duplicate: 0 });
    world.restart();
    const rest = table();
    expect(await run(appOf(world, rest), hour)).toEqual({ isDone: true, rows: 5, accepted: 5, duplicate: 0 });
    expect(rest.reads).toBe(2);
    expect(await rowsOf(world)).toEqual(allRows);
  });

  it.each([0, 1, 2])("that dies behind portion %i is finished by the next", async (portions) => {
    const world = newWorld();
    let left = portions;
    const dying = async () => {
      if (left-- === 0) throw new Error("dead");
    };
    await expect(run({ ...appOf(world, table()), afterPortion: dying }, hour)).rejects.toThrow("dead");
    world.now += 1_000;
    expect(await run(appOf(world, table()), hour)).toMatchObject({ isDone: true, accepted: 5, duplicate: 0 });
    expect(await rowsOf(world)).toEqual(allRows);
    expect(await viewsOf(world).count("1")).toBe(5);
  });

  it("isn't begun while another hasn't come to its end, unless that is abandoned", async () => {
    const world = newWorld();
    const dying = { ...appOf(world, table()), afterPortion: () => Promise.reject(new Error("dead")) };
    await run(dying, hour).catch(() => {});
    const other = { start: at(14), end: at(60) };
    await expect(run(appOf(world, table()), other)).rejects.toThrow(
      "a backfill of 2024-01-01T12:00:00Z to 2024-01-01T13:00:00Z has stopped after 0 events; run it again to finish it, or abandon it",
    );
    expect(await run(appOf(world, table()), { ...other, abandon: true })).toMatchObject({ isDone: true, accepted: 2 });
    expect(await run(appOf(world, table()), hour)).toMatchObject({ isDone: true, accepted: 1, duplicate: 4 });
    expect(await rowsOf(world)).toEqual(allRows);
  });

  it("neither takes a later last event away nor brings back what is forgotten", async () => {
    const world = newWorld({ settings: { forgets: true } });
    const changes = new Changes();
    world.now = at(40);
    await world.deliver([changes.event(9, at(39))]);
    await run(appOf(world, table()), hour);
    const views = viewsOf(world, { now: () => world.now });
    expect(await views.last("1")).toMatchObject({ event_id: 9 });
    expect(await views.minutes("1")).toEqual([{ minute: "202401011239", count: 1 }]);
    expect(await views.count("1")).toBe(6);
    expect(await views.top(15, 9)).toEqual([{ contentId: "1", count: 1 }]);
  });

  it("says what an id or a range is wrong with", async () => {
    const world = newWorld();
    await expect(run(appOf(world, table()), { start: at(1), end: at(1) })).rejects.toThrow("must lie before its end");
    await expect(run(appOf(world, table()), { ...hour, sink: "redis" })).rejects.toThrow(
      "engagement has no sink redis here",
    );
    await expect(run(appOf(world, new Table([[2 ** 53, at(10)]])), hour)).rejects.toThrow(
      "the id 9007199254740992 can't",
    );
  });
});

describe("a backfill for one sink", () => {
  it("sends what has left, as it has left, and to that sink alone", async () => {
    const world = newWorld();
    const changes = new Changes();
    await world.deliver([changes.event(1, at(11)), changes.event(2, at(12))]);
    await world.deliver([changes.content(1, ["video", 70])]);
    const before = await rowsOf(world);
    const sent: Output[] = [];
    const sink: ImmediateSink = {
      ...{ name: "http", batchMax: 1, lines: 1 },
      send: async (batch) => {
        sent.push(...batch.map(({ output }) => output));
        return { kind: "accepted" };
      },
      payload: ({ output }) => ({ output }),
    };
    const leftBefore = world.revisions().length;
    expect(await run(appOf(world, table(), sink), { ...hour, sink: "http" })).toMatchObject({ isDone: true, rows: 5 });
    const said = sent.map(({ id, final, body }) => `${id} ${final} ${body.engagement_pct}`);
    expect(said).toEqual([
      ...["engagement:1:2 true 0.1", "engagement:2:2 true 0.1"],
      ...[3, 4, 5].map((id) => `engagement:${id}:1 true 0.02`),
    ]);
    expect(await rowsOf(world)).toEqual(before);
    expect(world.revisions()).toHaveLength(leftBefore);
    expect(await viewsOf(world).count("1")).toBe(2);
  });

  it("stops where the sink is down, and goes on from there", async () => {
    const world = newWorld();
    const sent: string[] = [];
    let isUp = true;
    const sink: ImmediateSink = {
      ...{ name: "kafka", batchMax: 1, lines: 1 },
      send: async (batch) => {
        if (sent.length === 3) isUp = !isUp;
        if (!isUp) return { kind: "unavailable", reason: "down" };
        sent.push(...batch.map(({ output }) => output.entity));
        return { kind: "accepted" };
      },
      payload: ({ message }) => ({ message }),
    };
    const app = () => appOf(world, table(), sink);
    await expect(run(app(), { ...hour, sink: "kafka" })).rejects.toThrow(
      "kafka: down; run the backfill again to go on",
    );
    expect(await run(app(), { ...hour, sink: "kafka" })).toMatchObject({ isDone: true, rows: 5 });
    expect(sent).toEqual(["1", "2", "3", "3", "4", "5"]);
  });

  it.each(["s3", "views"] as const)("gives %s what was taken in before it was a sink, once", async (sink) => {
    const world = newWorld({ settings: sink === "s3" ? { finals: false } : { views: false } });
    const changes = new Changes();
    await world.deliver([changes.content(1, ["video", 300])]);
    await world.deliver([1, 2, 3, 4, 5].map((id) => changes.event(id, at(10 + id))));
    const seen = async () => (sink === "s3" ? (await rowsOf(world)).length : await viewsOf(world).count("1"));
    expect(await seen()).toBe(0);
    const left = world.revisions().length;
    expect(await run(appOf(world, table()), { ...hour, sink })).toMatchObject({ accepted: 5, duplicate: 0 });
    expect(await run(appOf(world, table()), { ...hour, sink })).toMatchObject({ accepted: 0, duplicate: 5 });
    expect(await seen()).toBe(5);
    expect(world.revisions()).toHaveLength(left);
    const other = sink === "s3" ? "views" : "s3";
    expect(await run(appOf(world, table()), { ...hour, sink: other })).toMatchObject({ accepted: 0, duplicate: 5 });
  });

  it("that writes rows dies anywhere, and each row is there once", async () => {
    const world = newWorld({ settings: { finals: false } });
    const changes = new Changes();
    await world.deliver([changes.event(1, at(11)), changes.event(2, at(12)), changes.event(3, at(13))]);
    await world.deliver([changes.content(1, ["video", 300])]);
    const dying = { ...appOf(world, table()), afterPortion: () => Promise.reject(new Error("dead")) };
    await run(dying, { ...hour, sink: "s3" }).catch(() => {});
    await run(dying, { ...hour, sink: "s3" }).catch(() => {});
    await run(appOf(world, table()), { ...hour, sink: "s3" });
    await world.settle("end");
    expect(await rowsOf(world)).toEqual(["1:2 video 0.02", "2:2 video 0.02", "3:2 video 0.02"]);
  });
});
