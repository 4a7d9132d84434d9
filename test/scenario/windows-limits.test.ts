import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import type { Document } from "../../shared/ports/state-store.ts";
import { interposedStore } from "../support/interposed-store.ts";
import { logRecord } from "../support/log-record.ts";
import { freshWorld } from "./windows-play.ts";
import type { WindowsWorld } from "./windows-world.ts";

const start = Date.parse("2024-01-01T12:10:00Z");
const topic = "incoming-events";
/** `body`, `settled` and `outbox` of a document: see the port. */
const documentBytesMax = 380 * 1_024;

/** Events of one user's one window, each of amount 1. */
function events(count: number, idOf: (n: number) => string, partition = 0, userId = "hot"): LogRecord[] {
  return Array.from({ length: count }, (_, offset) => {
    const fields = { eventId: idOf(offset), userId, amount: 1, eventTime: start + (offset % 300_000) };
    return logRecord({ topic, partition, offset, ts: start + 300_000, key: userId, payload: JSON.stringify(fields) });
  });
}

function uuidOf(n: number): string {
  const hex = createHash("sha256").update(String(n)).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

async function deliver(world: WindowsWorld, records: readonly LogRecord[], batch: number): Promise<void> {
  for (let at = 0; at < records.length; at += batch) {
    expect(await world.deliver(records.slice(at, at + batch))).toEqual([]);
  }
}

/** A world that tells how large the largest document was that anybody wrote. */
function measuredWorld(partitions: number) {
  let most = 0;
  const beforeCommit = ({ body, settled = "", outbox = "" }: Document) => {
    most = Math.max(most, Buffer.byteLength(body) + Buffer.byteLength(settled) + Buffer.byteLength(outbox));
  };
  const world = freshWorld({ partitions }, { interpose: (store) => interposedStore(store, { beforeCommit }) });
  return { world, most: () => most };
}

describe("a window with more events than fit", () => {
  const records = [
    ...events(14_000, uuidOf),
    ...events(1, () => "other", 0, "calm").map((one) => ({ ...one, offset: 14_000 })),
  ];

  it.each([250, 1_000, 14_001])(
    "takes 13,100 with UUIDs as ids and refuses the rest, in batches of %d",
    async (batch) => {
      const world = freshWorld();
      await deliver(world, records, batch);
      expect((await world.counts())[topic]).toMatchObject({ accepted: 13_101, rejected: { oversized: 900 } });
      const refused = await world.rejections();
      expect(refused.map(({ offset }) => offset)).toEqual(Array.from({ length: 900 }, (_, i) => 13_100 + i));
      expect(refused[0]).toMatchObject({
        reason: "oversized",
        message: "the window of 2024-01-01T12:10:00Z of user hot is full: its state would pass 262144 bytes",
      });
      await world.settle("end");
      expect(
        (await world.finals()).map(({ userId, eventCount, totalAmount }) => [userId, eventCount, totalAmount]),
      ).toEqual([
        ["calm", 1, "1"],
        ["hot", 13_100, "13100"],
      ]);
    },
  );

  it("finds duplicates among those it has, and refuses the others again", async () => {
    const world = freshWorld();
    await deliver(world, records, 1_000);
    const again = [0, 13_099, 13_100].map((n, i) => ({ ...(records[n] as LogRecord), offset: 14_001 + i }));
    await deliver(world, again, 1);
    expect((await world.counts())[topic]).toMatchObject({
      accepted: 13_101,
      duplicate: 2,
      rejected: { oversized: 901 },
    });
  });

  it("has no final row where it took in none at all", async () => {
    const world = freshWorld({ stateBytesMax: 1_024 });
    await deliver(
      world,
      events(2, (n) => `${n}`.repeat(1_000)),
      1,
    );
    expect((await world.counts())[topic]).toMatchObject({ accepted: 0, rejected: { oversized: 2 } });
    await world.settle("end");
    expect([await world.finals(), world.revisions()]).toEqual([[], []]);
  });
});

describe("what is stored of a window that is full", () => {
  /** As long as an id may be, so that few fill a window. */
  const longId = (n: number) => String(n).padEnd(1_024, "x");
  const fill = 255;
  /** Too long to fit into what is left, whoever sends them. */
  const more = (count: number, partition: number, userId?: string) =>
    events(count, (n) => longId(1_000 * (partition + 1) + n), partition, userId);

  it("fits where a user with a long name has a batch of 500 refused", async () => {
    const { world, most } = measuredWorld(1);
    const user = "\u0001".repeat(1_024);
    await deliver(world, [...events(fill, longId, 0, user), ...more(755, 0, user).slice(fill)], 755);
    expect((await world.counts())[topic]).toMatchObject({ accepted: fill, rejected: { oversized: 500 } });
    expect(most()).toBeLessThanOrEqual(documentBytesMax);
  });

  it("fits where a batch of 10,000, the most that a mapping takes, is refused", async () => {
    const { world, most } = measuredWorld(1);
    await deliver(world, events(fill, longId), fill);
    await deliver(world, more(fill + 10_000, 0).slice(fill), 10_000);
    expect((await world.counts())[topic]).toMatchObject({ accepted: fill, rejected: { oversized: 10_000 } });
    expect(most()).toBeLessThanOrEqual(documentBytesMax);
  });

  it("fits where eight partitions have a batch of 500 refused at once", async () => {
    const { world, most } = measuredWorld(8);
    await deliver(world, events(fill, longId), fill);
    const batches = [0, 1, 2, 3, 4, 5, 6, 7].map((partition) => more(fill + 500, partition).slice(fill));
    await Promise.all(batches.map((records) => world.deliver(records)));
    expect((await world.counts())[topic]).toMatchObject({ accepted: fill, rejected: { oversized: 8 * 500 } });
    expect(most()).toBeLessThanOrEqual(documentBytesMax);
  });
});
