import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { at, Changes, type EngagementWorld, engagementWorld, viewsOf } from "./engagement-world.ts";

const open: EngagementWorld[] = [];
afterEach(() => {
  for (const world of open.splice(0)) world.end();
});

function newWorld(options?: Parameters<typeof engagementWorld>[0]): EngagementWorld {
  const world = engagementWorld(options);
  open.push(world);
  return world;
}

async function deliver(world: EngagementWorld, ...records: readonly LogRecord[]): Promise<void> {
  expect(await world.deliver(records)).toEqual([]);
  await world.close();
}

/** `16:1 final video 0.02`: id, revision, whether it is final, content type and percentage. */
function revisionsOf(world: EngagementWorld): string[] {
  return world.revisions().map(({ entity, revision, final, body }) => {
    expect(body.revision).toBe(revision);
    return `${entity}:${revision} ${final ? "final" : "open"} ${body.content_type} ${body.engagement_pct}`;
  });
}

async function rowsOf(world: EngagementWorld): Promise<string[]> {
  return (await world.finals()).map(
    (row) => `${row.event_id}:${row.revision} ${row.content_type} ${row.engagement_pct}`,
  );
}

const video = ["video", 300] as const;

describe("an event of known content", () => {
  it("is enriched field by field, at once and for good", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, content(1, video));
    await deliver(world, event(16, at(10)));
    const row = {
      ...{ event_id: 16, content_id: 1, user_id: "ann", event_type: "play", duration_ms: 7_000, device: "ios" },
      ...{ content_type: "video", length_seconds: 300, engagement_seconds: 7, engagement_pct: 0.02, revision: 1 },
    };
    expect(await world.finals()).toEqual([{ ...row, event_ts: at(10) }]);
    const body = { ...row, event_ts: "2024-01-01T12:10:00Z" };
    const [emitted, ...more] = world.emitted();
    expect(more).toEqual([]);
    expect(emitted?.output).toEqual({
      ...{ id: "engagement:16:1", pipeline: "engagement", entity: "16", revision: 1, final: true },
      body,
    });
    expect(emitted?.message).toMatchObject({ topic: "events-enriched", key: "1", timestamp: at(10) });
    expect(JSON.parse(emitted?.message.value ?? "")).toEqual(body);
    expect(await viewsOf(world).last("1")).toEqual(body);
  });

  it.each([null, 0])("has no share of a length of %s", async (length) => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, content(1, ["article", length]));
    await deliver(world, event(1, at(10)));
    expect(await rowsOf(world)).toEqual(["1:1 article null"]);
  });

  it("keeps what was known when it came, whatever the content becomes", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, content(1, video));
    await deliver(world, event(1, at(10)));
    await deliver(world, content(1, ["video", 70], "u"));
    await deliver(world, event(2, at(10)));
    await world.settle("end");
    expect(await rowsOf(world)).toEqual(["1:1 video 0.02", "2:1 video 0.1"]);
    expect(revisionsOf(world)).toEqual(["1:1 final video 0.02", "2:1 final video 0.1"]);
  });

  it("belongs to the content of its own partition only", async () => {
    const world = newWorld();
    await deliver(world, new Changes(1).content(1, video));
    await deliver(world, new Changes(0).event(1, at(10)));
    await world.settle("end");
    expect(await rowsOf(world)).toEqual(["1:1 null null"]);
  });
});

describe("an event whose content isn't known yet", () => {
  it("is emitted without, and once more when the content comes", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, event(1, at(10)), event(2, at(10), { content_id: 2 }), event(3, at(11)));
    expect(revisionsOf(world)).toEqual(["1:1 open null null", "2:1 open null null", "3:1 open null null"]);
    expect(await rowsOf(world)).toEqual([]);
    await deliver(world, content(1, video));
    expect(revisionsOf(world).slice(3)).toEqual(["1:2 final video 0.02", "3:2 final video 0.02"]);
    await deliver(world, content(1, ["video", 70], "u"));
    expect(revisionsOf(world)).toHaveLength(5);
    await world.settle("end");
    expect(await rowsOf(world)).toEqual(["1:2 video 0.02", "2:1 null null", "3:2 video 0.02"]);
    expect(await viewsOf(world).last("1")).toMatchObject({ event_id: 3, content_type: "video", revision: 2 });
    expect(await viewsOf(world).count("1")).toBe(2);
  });

  it.each([
    { name: "exactly at", second: 0, rows: ["1:2 video 0.02"] },
    { name: "a second before", second: -1, rows: ["1:2 video 0.02"] },
    { name: "a second after", second: 1, rows: ["1:1 null null"] },
  ])("waits until the watermark has passed its wait: the content comes $name", async ({ second, rows }) => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, event(1, at(10)));
    // Watermark: five minutes behind. The wait is ten.
    await deliver(world, event(9, at(25, second), { content_id: 9 }));
    await deliver(world, content(1, video));
    await world.settle("end");
    expect((await rowsOf(world)).filter((row) => row.startsWith("1:"))).toEqual(rows);
  });

  it("stays as it is once its bucket is closed", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, event(1, at(10)));
    await deliver(world, event(9, at(40), { content_id: 9 }));
    expect(await rowsOf(world)).toEqual(["1:1 null null"]);
    await deliver(world, content(1, video));
    await world.settle("end");
    expect((await rowsOf(world)).sort()).toEqual(["1:1 null null", "9:1 null null"]);
    expect(revisionsOf(world)).toEqual(["1:1 open null null", "9:1 open null null"]);
  });

  it("is final at once where it is late, and not where it is exactly on time", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, event(1, at(20), { content_id: 9 }), event(2, at(15)), event(3, at(14, 59)));
    expect(revisionsOf(world)).toEqual(["1:1 open null null", "2:1 open null null", "3:1 final null null"]);
    expect(await rowsOf(world)).toEqual(["3:1 null null"]);
    await deliver(world, content(1, video));
    await world.settle("end");
    expect((await rowsOf(world)).sort()).toEqual(["1:1 null null", "2:2 video 0.02", "3:1 null null"]);
  });

  it("gets the first content that comes, however the changes are cut into batches", async () => {
    const changes = bound(new Changes());
    const events = [changes.event(1, at(10))];
    const contents = [
      changes.content(1, null),
      changes.content(1, video),
      changes.content(1, null),
      changes.content(1, ["x", 7]),
    ];
    for (const cut of [1, 2, 4]) {
      const world = newWorld();
      await deliver(world, ...events);
      for (let from = 0; from < 4; from += cut) await deliver(world, ...contents.slice(from, from + cut));
      await world.settle("end");
      expect(await rowsOf(world)).toEqual(["1:2 video 0.02"]);
    }
  });

  it("goes without when its content is deleted again before it comes", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    await deliver(world, content(1, video), content(1, null));
    await deliver(world, event(1, at(10)));
    await world.settle("end");
    expect(await rowsOf(world)).toEqual(["1:1 null null"]);
  });
});

describe("an event counts once", () => {
  it("by its id, in whatever partition and however late it comes again", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    const elsewhere = bound(new Changes(1));
    await deliver(world, content(1, video));
    await deliver(world, event(1, at(10)), event(1, at(10)), event(1, at(11), { content_id: 2 }));
    await deliver(world, elsewhere.event(1, at(10)));
    await deliver(world, event(2, at(59)), event(1, at(10)));
    await world.settle("end");
    expect(await rowsOf(world)).toEqual(["1:1 video 0.02", "2:1 video 0.02"]);
    const counts = await world.counts();
    expect(counts["dbserver1.public.engagement_events"]).toMatchObject({ read: 6, accepted: 2, duplicate: 4 });
    expect(await viewsOf(world).count("1")).toBe(2);
  });

  it("when its partition is delivered again, cut differently", async () => {
    const world = newWorld();
    const { content, event } = bound(new Changes());
    const events = [event(1, at(10)), event(2, at(11)), event(3, at(12))];
    await deliver(world, ...events);
    await deliver(world, content(1, video));
    await deliver(world, ...events.slice(1));
    await deliver(world, ...events);
    await world.settle("end");
    expect(await rowsOf(world)).toEqual(["1:2 video 0.02", "2:2 video 0.02", "3:2 video 0.02"]);
    expect(await viewsOf(world).minutes("1")).toEqual(
      ["202401011210", "202401011211", "202401011212"].map((minute) => ({ minute, count: 1 })),
    );
  });

  it("only where it was created, or read by a snapshot that is asked for", async () => {
    for (const [includeSnapshot, ids] of [
      [false, ["1"]],
      [true, ["1", "2"]],
    ] as const) {
      const world = newWorld({ given: { includeSnapshot } });
      const { event } = bound(new Changes());
      const ops = ["c", "r", "u", "d", "t", "m"];
      await deliver(world, ...ops.map((op, i) => event(i + 1, at(10), { op })));
      expect(world.revisions().map(({ entity }) => entity)).toEqual(ids);
      const counts = await world.counts();
      expect(counts["dbserver1.public.engagement_events"]).toMatchObject({ read: 6, ignored: 6 - ids.length });
    }
  });
});

describe("the views", () => {
  it("show the last event by event time, between equal times that of the greater id", async () => {
    const world = newWorld();
    const { event } = bound(new Changes());
    await deliver(world, event(9, at(10)), event(10, at(10)), event(11, at(9)));
    expect(await viewsOf(world).last("1")).toMatchObject({ event_id: 10 });
  });

  it("forget minutes after a quarter of an hour, and the last event after an hour", async () => {
    const world = newWorld({ settings: { forgets: true } });
    const { event } = bound(new Changes());
    world.now = at(10, 30);
    await deliver(world, event(1, at(10, 5)));
    const shown = async (now: number) => {
      world.now = now;
      const views = viewsOf(world, { now: () => now });
      return [(await views.minutes("1")).length, (await views.top(15, 10)).length, (await views.last("1"))?.event_id];
    };
    expect(await shown(at(24, 59))).toEqual([1, 1, 1]);
    expect(await shown(at(25))).toEqual([0, 0, 1]);
    expect(await shown(at(70, 29))).toEqual([0, 0, 1]);
    expect(await shown(at(70, 30))).toEqual([0, 0, undefined]);
  });

  it("don't take up again what they have forgotten", async () => {
    const world = newWorld({ settings: { forgets: true } });
    const { event } = bound(new Changes());
    world.now = at(70);
    await deliver(
      world,
      event(1, at(10)),
      event(2, at(55)),
      event(3, at(55, 1), { content_id: 3 }),
      event(4, at(56), { content_id: 4 }),
    );
    const views = viewsOf(world, { now: () => world.now });
    expect(await views.last("1")).toMatchObject({ event_id: 2 });
    expect(await views.minutes("1")).toEqual([]);
    expect(await views.top(15, 10)).toEqual([{ contentId: "4", count: 1 }]);
    expect(await views.count("1")).toBe(2);
  });

  it("rank the contents of all partitions over the last minutes", async () => {
    const world = newWorld({ settings: { forgets: true } });
    const { event } = bound(new Changes());
    const elsewhere = bound(new Changes(1));
    world.now = at(20);
    await deliver(
      world,
      event(1, at(11)),
      event(2, at(12)),
      event(3, at(10, 59)),
      event(4, at(15), { content_id: 10 }),
    );
    await deliver(world, elsewhere.event(5, at(20), { content_id: 9 }), elsewhere.event(6, at(20)));
    const views = viewsOf(world, { now: () => world.now });
    const ranked = [
      ["1", 3],
      ["9", 1],
      ["10", 1],
    ].map(([contentId, count]) => ({ contentId, count }));
    expect(await views.top(10, 10)).toEqual(ranked);
    expect(await views.top(10, 2)).toEqual(ranked.slice(0, 2));
    expect(await views.top(11, 1)).toEqual([{ contentId: "1", count: 4 }]);
  });
});

/** Its methods, to be used without it. */
function bound(changes: Changes) {
  return {
    event: (...args: Parameters<Changes["event"]>) => changes.event(...args),
    content: (...args: Parameters<Changes["content"]>) => changes.content(...args),
  };
}
