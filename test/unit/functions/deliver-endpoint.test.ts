import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EndpointFault } from "../../../localstack/endpoint/loopback-endpoint.ts";
import { SharedRateLimit } from "../../../shared/runtime/shared-rate-limit.ts";
import { statusErrorInBody } from "../../../shared/sinks/http/answer.ts";
import { deliverWorld, type Faults } from "./deliver-world.ts";

type World = Awaited<ReturnType<typeof deliverWorld>>;

const done = { batchItemFailures: [] };
const first = { batchItemFailures: [{ itemIdentifier: "000000000000000000001" }] };
const never: Faults = () => undefined;

const worlds: World[] = [];
/** What the handler logs. */
let logged: { event: string; error: string }[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => logged.push(JSON.parse(String(line))) > 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const world of worlds.splice(0)) await world.close();
});

async function open(users: number, faults: Faults, settings: Parameters<typeof deliverWorld>[2] = {}): Promise<World> {
  const world = await deliverWorld(users, faults, { failureInBody: statusErrorInBody, ...settings });
  worlds.push(world);
  return world;
}

/** Of each entity the revisions that came, in the order in which they came first. */
function revisionsOf({ accepted }: World): Record<string, unknown[]> {
  const revisions: Record<string, unknown[]> = {};
  for (const { entity, revision } of accepted) {
    revisions[String(entity)] ??= [];
    if (!revisions[String(entity)]?.includes(revision)) revisions[String(entity)]?.push(revision);
  }
  return revisions;
}

/** Every output came, those of an entity in order, and nothing was put aside. */
async function expectAll(world: World, users: number): Promise<void> {
  const ids = world.ids();
  expect(ids).toHaveLength(3 * users);
  expect(new Set(world.accepted.map(({ id }) => id))).toEqual(new Set(ids));
  const expected = Array.from({ length: users }, (_, user) => [`pv_${user}`, [1, 2, 3]]);
  expect(revisionsOf(world)).toEqual(Object.fromEntries(expected));
  expect(await world.letters()).toEqual([]);
}

/** Faults of an endpoint, and what the log says where there is nothing else. */
const faults: readonly (readonly [what: string, fault: EndpointFault, why: string])[] = [
  ["doesn't answer in time", { delayMs: 60_000 }, "no answer within 1000 ms"],
  [
    'says 200 and {"status":"error"}',
    { status: 200, body: '{"status":"error"}' },
    'status 200: {"status":"error"} (a failure by its body)',
  ],
  ["says 500", { status: 500 }, "status 500"],
  ["says 429 and when to come back", { status: 429, headers: { "retry-after": "0" } }, "status 429"],
  ["answers garbage", { garbage: true }, "no answer: "],
  ["closes connections without an answer", { cut: "unanswered" }, "no answer: "],
  ["closes connections within its answers", { cut: "mid-answer" }, "the answer broke off: the connection was closed"],
];

/** Where an endpoint isn't slow, a busy machine must not make it so. */
const patienceWith = ({ delayMs }: EndpointFault) => (delayMs ? { tryTimeout: 1_000, triesMax: 2 } : {});

describe("the deliver function, with an endpoint that", () => {
  it("is well, sends all revisions of all entities, in order, each once", async () => {
    const world = await open(10, never);
    expect(await world.instance()()).toEqual(done);
    await expectAll(world, 10);
    expect(world.told.requests).toBe(30);
  });

  it.each(faults)("%s now and then, delivers all the same, in order", async (_, fault) => {
    const world = await open(6, (number) => ([1, 4, 9].includes(number) ? fault : undefined), patienceWith(fault));
    await world.deliverAll();
    await expectAll(world, 6);
  });

  it.each(faults)(
    "%s at all times, stops at the first change, and delivers when it is well again",
    async (_, fault, why) => {
      const world = await open(3, () => fault, patienceWith(fault));
      expect(await world.instance()()).toEqual(first);
      expect(logged).toEqual([
        expect.objectContaining({ event: "delivery.stopped", error: expect.stringContaining(why) }),
      ]);
      world.told.faults = never;
      world.accepted.length = 0;
      await world.deliverAll();
      await expectAll(world, 3);
    },
  );

  it("asks for an hour's rest is not asked again in this invocation", async () => {
    const world = await open(1, () => ({ status: 429, headers: { "retry-after": "3600" } }));
    expect(await world.instance()()).toEqual(first);
    expect(world.told.requests).toBe(1);
  });

  it('says 200 and {"status":"error"} is believed where its settings say nothing', async () => {
    const world = await deliverWorld(1, () => ({ status: 200, body: '{"status":"error"}' }));
    worlds.push(world);
    expect(await world.instance()()).toEqual(done);
    expect(world.told.requests).toBe(3);
  });

  it("is down for a while gets everything when it is back, by its id once, those of an entity in order", async () => {
    const world = await open(20, never);
    await world.goDown();
    const delivered = world.deliverAll();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(world.accepted).toEqual([]);
    await world.comeBack();
    expect(await delivered).toBeGreaterThan(1);
    await expectAll(world, 20);
  });

  it("goes down in the middle gets nothing out of order, and nothing is lost", async () => {
    const world = await open(20, (number) => (number === 25 ? { status: 503 } : undefined), { triesMax: 1 });
    const invoke = world.instance();
    const [stopped] = (await invoke()).batchItemFailures;
    expect(stopped).toBeDefined();
    await world.goDown();
    expect(await invoke(stopped?.itemIdentifier)).toEqual({ batchItemFailures: [stopped] });
    await world.comeBack();
    await world.deliverAll();
    await expectAll(world, 20);
  });

  it("takes arrays, answers one request in five too late and says error to one in ten, gets everything in order", async () => {
    const fault: Faults = (number) => {
      if (number % 5 === 2) return { delayMs: 60_000 };
      return number % 10 === 4 ? { status: 200, body: '{"status":"error"}' } : undefined;
    };
    const world = await open(8, fault, { batchMax: 4, lines: 1, tryTimeout: 1_000 });
    await world.deliverAll();
    await expectAll(world, 8);
    expect(world.told.requests).toBeGreaterThan(6);
  });

  it("fails in any way at any time gets every output, by its id once, those of an entity in order", async () => {
    const kinds = faults.flatMap(([, fault]) => (fault.delayMs ? [] : [fault]));
    const fault = fc.option(fc.constantFrom(...kinds), { freq: 2, nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 10, maxLength: 20 }), async (sequence) => {
        const world = await open(5, (number) => sequence[number - 1]);
        await world.deliverAll();
        await expectAll(world, 5);
      }),
      { seed: 1, numRuns: 6 },
    );
  });
});

describe("the deliver function behind a rate limit", () => {
  const limitOver = (table: World["progress"], ratePerSecond: number) => {
    const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const clock = { now: () => Date.now() };
    return new SharedRateLimit({ table, key: "rate|endpoint", ratePerSecond, clock, random: Math.random, sleep });
  };

  it("sends no more requests than its rate, over all instances and with those that are tried again", async () => {
    const shared = await open(0, never);
    const fault: Faults = (number) => (number % 4 === 0 ? { status: 500 } : undefined);
    const limited = { rateLimit: limitOver(shared.progress, 50) };
    const two = await Promise.all([
      open(5, fault, limited),
      open(5, fault, { ...limited, rateLimit: limitOver(shared.progress, 50) }),
    ]);
    const begun = performance.now();
    await Promise.all(two.map((world) => world.deliverAll()));
    const seconds = (performance.now() - begun) / 1_000;
    const requests = two.reduce((sum, { told }) => sum + told.requests, 0);
    expect(requests).toBeGreaterThan(30);
    expect(requests).toBeLessThanOrEqual(50 * (seconds + 0.2) + 1);
    for (const world of two) await expectAll(world, 5);
  });

  it("sends nothing where the limit can't be kept, and says why", async () => {
    const table = { read: () => Promise.reject(new Error("no such table")), commit: () => Promise.reject(new Error()) };
    const world = await open(2, never, { rateLimit: limitOver(table, 50) });
    expect(await world.instance()()).toEqual(first);
    expect(world.told.requests).toBe(0);
    const error = "the rate limit can't be kept: no such table";
    expect(logged).toEqual([expect.objectContaining({ event: "delivery.stopped", error })]);
  });
});
