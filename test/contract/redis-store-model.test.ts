import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisStore } from "../../shared/sinks/redis/redis-store.ts";
import { RedisModel } from "../support/redis-model.ts";
import { type RedisServer, redisServer, skipRedis } from "../support/redis-server.ts";
import { engagement, expiryOf, readViews } from "../support/redis-views.ts";

const minute = 60_000;
const accepted = { kind: "accepted" };
const patient = { writeTimeout: 30_000, connectTimeout: 30_000 };
const seed = Number(process.env.SEED ?? 1);
const numRuns = Number(process.env.RUNS ?? 40);
/** An hour ahead of the server's clock, so that nothing goes while a test looks. */
const start = Math.floor(Date.now() / minute) * minute + 60 * minute;

const ids = [0, 1, 2, 1_999, 2_000, 2 ** 53 - 1].map((id) => id as number | string);
const eventId = fc.oneof(
  fc.constantFrom(...ids, "9007199254740992", "9007199254740993", "18446744073709551616"),
  fc.nat(30),
);
const edges = [0, 1, -1, -10, -14, -15, -16, -59, -60, 5].flatMap((at) => [-1, 0, 1].map((ms) => at * minute + ms));
const event = fc.record({
  event: eventId,
  content: fc.constantFrom<string | number>(1, 2, "a {b}\n\"'"),
  offset: fc.oneof(fc.constantFrom(...edges), fc.integer({ min: -70 * minute, max: 6 * minute })),
});
const story = fc.record({
  events: fc.uniqueArray(event, { selector: (each) => String(each.event), minLength: 1, maxLength: 12 }),
  /** Batches: how long after the one before, and of what they are. */
  batches: fc.array(
    fc.record({
      later: fc.constantFrom(0, 0, 1, 999, minute - 1, minute, 5 * minute, 20 * minute),
      revisions: fc.array(fc.record({ of: fc.nat(), revision: fc.constantFrom(1, 2, 3, 10) }), { maxLength: 10 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  repeats: fc.array(fc.nat(), { maxLength: 4 }),
});

describe.skipIf(skipRedis)(`the views in a Redis, and a model${skipRedis ? ` (skipped: ${skipRedis})` : ""}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await redisServer();
  });
  afterAll(() => server.close());

  it("agree on any events, revisions, orders, cuts and repetitions, while time goes on", async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ events, batches, repeats }) => {
        await server.client.flushall();
        let now = start;
        const store = new RedisStore({ url: server.url, ...patient }, { now: () => now });
        const model = new RedisModel();
        const outputs = batches.map(({ revisions }) =>
          revisions.map(({ of, revision }) => {
            const { offset, ...ids } = events[of % events.length] as (typeof events)[number];
            return engagement({ ...ids, time: start + offset, revision });
          }),
        );
        const again = repeats.map((which) => outputs[which % outputs.length] ?? []);
        for (const [i, batch] of [...outputs, ...again].entries()) {
          now += batches[i]?.later ?? 0;
          expect(await store.write(batch)).toEqual(accepted);
          if (batch.length > 0) model.write(batch, now);
        }
        const found = await readViews(server.client);
        expect(found).toEqual(model.views());
        for (const key of Object.keys(found).filter((each) => each.startsWith("content:last:"))) {
          expect(await expiryOf(server.client, key)).toBe(model.lastUntil(key.slice("content:last:".length)));
        }
        store.close();
      }),
      { seed, numRuns },
    );
  }, 120_000);

  it("agree on a batch that takes several scripts, and when four writers write all of it at once, in other orders", async () => {
    await server.client.flushall();
    const stores = Array.from(
      { length: 4 },
      () => new RedisStore({ url: server.url, ...patient }, { now: () => start }),
    );
    const outputs = Array.from({ length: 1_000 }, (_, i) => {
      const [event, revision] = [i % 700, i < 700 ? 1 : 2];
      return engagement({ event, content: event % 13, time: start - event * 1_500, revision });
    });
    const model = new RedisModel();
    model.write(outputs, start);
    const orders = [outputs, outputs.toReversed(), [...outputs.slice(500), ...outputs.slice(0, 500)], outputs];
    const outcomes = await Promise.all(stores.map((store, i) => store.write(orders[i] ?? [])));
    expect(outcomes).toEqual(stores.map(() => accepted));
    expect(await readViews(server.client)).toEqual(model.views());
    for (const store of stores) store.close();
  });
});
