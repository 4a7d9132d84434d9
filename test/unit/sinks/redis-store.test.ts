import { afterEach, describe, expect, it, vi } from "vitest";
import type { OpenSession } from "../../../shared/sinks/redis/kept-session.ts";
import type { SessionSettings } from "../../../shared/sinks/redis/redis-session.ts";
import { RedisStore, type RedisStoreSettings } from "../../../shared/sinks/redis/redis-store.ts";
import { engagement } from "../../support/redis-views.ts";

const accepted = { kind: "accepted" };
const unavailable = (reason: string) => ({ kind: "unavailable", reason });
const start = Date.UTC(2024, 0, 1, 12);
const never = new Promise<never>(() => {});

interface FakeSession {
  /** The events of each script, by their marks. */
  readonly scripts: { readonly events: number }[];
  isClosed: boolean;
}

/** A store on sessions that are made up: `answer` says what the n-th script on the m-th session gets (both from 1). */
function setUp(
  answer: (session: number, script: number) => unknown = () => [],
  settings: Partial<RedisStoreSettings> = {},
  isOpening: (session: number) => Promise<void> = async () => {},
) {
  const sessions: FakeSession[] = [];
  const opened: SessionSettings[] = [];
  const time = { ms: start };
  const open: OpenSession = async (given) => {
    const session: FakeSession = { scripts: [], isClosed: false };
    const number = sessions.push(session);
    opened.push(given);
    await isOpening(number);
    return {
      run: async (_, { args: [plan] }) => {
        const marks = JSON.parse(String(plan)).marks as { events: unknown[] }[];
        const script = session.scripts.push({ events: marks.flatMap(({ events }) => events).length });
        const said = await answer(number, script);
        if (said instanceof Error) throw said;
        return said;
      },
      close: () => {
        session.isClosed = true;
      },
    };
  };
  const url = "redis://127.0.0.1:7000";
  const store = new RedisStore({ url, ...settings }, { now: () => time.ms }, open);
  return { store, sessions, opened, time };
}

const events = (count: number) =>
  Array.from({ length: count }, (_, i) => engagement({ event: i, content: 1, time: start }));

afterEach(() => void vi.useRealTimers());

describe("a store in Redis", () => {
  it("opens a session when it is needed first, and keeps it", async () => {
    const { store, sessions, opened } = setUp();
    expect(sessions).toEqual([]);
    expect(await store.write([])).toEqual(accepted);
    expect(sessions).toEqual([]);
    for (let i = 0; i < 3; i++) expect(await store.write(events(1))).toEqual(accepted);
    expect(sessions).toEqual([{ scripts: [{ events: 1 }, { events: 1 }, { events: 1 }], isClosed: false }]);
    const address = { host: "127.0.0.1", port: 7_000, database: 0, tls: false };
    expect(opened).toEqual([{ address, ca: undefined, connectTimeout: 1_000 }]);
  });

  it("cuts what is written into scripts of two hundred outputs", async () => {
    const { store, sessions } = setUp();
    await store.write(events(401));
    expect(sessions[0]?.scripts).toEqual([{ events: 200 }, { events: 200 }, { events: 1 }]);
  });

  it("runs no script for outputs that are none of its own", async () => {
    const { store, sessions } = setUp();
    const other = { ...engagement({ event: 1, content: 1, time: start }), body: {} };
    expect(await store.write([other])).toMatchObject({ kind: "refused", ids: ["engagement:1:1"] });
    expect(sessions).toEqual([]);
  });

  it("ends where a script can't be run: what is behind it isn't written", async () => {
    const { store, sessions } = setUp((session, script) => (session + script > 2 ? new Error("OOM") : []));
    expect(await store.write(events(600))).toEqual(unavailable("OOM"));
    expect(sessions.map(({ scripts }) => scripts.length)).toEqual([2, 1]);
  });

  it("asks a new session again where a kept one fails, once", async () => {
    const { store, sessions } = setUp((session, script) => (session === 1 && script === 2 ? new Error("gone") : []));
    await store.write(events(1));
    expect(await store.write(events(1))).toEqual(accepted);
    expect(sessions.map(({ scripts, isClosed }) => [scripts.length, isClosed])).toEqual([
      [2, true],
      [1, false],
    ]);
  });

  it("says unavailable where the new one fails too", async () => {
    const { store, sessions } = setUp((session, script) => (session + script > 2 ? new Error(`gone ${session}`) : []));
    await store.write(events(1));
    expect(await store.write(events(1))).toEqual(unavailable("gone 2"));
    expect(sessions.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });

  it("doesn't ask again where a new session fails; the next write opens another", async () => {
    const { store, sessions } = setUp((session) => (session === 1 ? new Error("gone") : []));
    expect(await store.write(events(1))).toEqual(unavailable("gone"));
    expect(await store.write(events(1))).toEqual(accepted);
    expect(sessions.map(({ scripts, isClosed }) => [scripts.length, isClosed])).toEqual([
      [1, true],
      [1, false],
    ]);
  });

  it("says why no session could be opened, of each address of its host", async () => {
    const refusal = new AggregateError([
      new Error("connect ECONNREFUSED ::1:1"),
      new Error("connect ECONNREFUSED 127.0.0.1:1"),
    ]);
    const { store } = setUp(undefined, {}, () => Promise.reject(refusal));
    expect(await store.write(events(1))).toEqual(
      unavailable("connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1"),
    );
  });

  it.each([
    ["a millisecond longer than it may", 240_001, 2],
    ["no longer than it may", 240_000, 1],
  ])("whose session was idle %s, uses it or opens another", async (_, idle, count) => {
    const { store, sessions, time } = setUp();
    await store.write(events(1));
    time.ms += idle;
    await store.write(events(1));
    expect(sessions.map(({ isClosed }) => isClosed)).toEqual(count === 1 ? [false] : [true, false]);
  });

  it.each<[string, unknown]>([
    ["text", "PONG"],
    ["nothing", null],
  ])("takes %s for no answer of its script", async (_, said) => {
    const { store } = setUp(() => said);
    expect(await store.write(events(1))).toEqual(unavailable(`an answer that isn't one of the script: ${said}`));
  });

  it.each([
    ["runs a script", [1], () => {}],
    ["opens a session", [0], () => never],
  ])(
    "gives up after its time limit where the server hangs while it %s, and lets go of the session",
    async (_, scripts, opening) => {
      vi.useFakeTimers();
      const { store, sessions } = setUp(
        (session) => (session === 1 ? never : []),
        { writeTimeout: 500 },
        async (session) => (session === 1 ? opening() : undefined),
      );
      const written = store.write(events(1));
      await vi.advanceTimersByTimeAsync(499);
      expect(await Promise.race([written, "waiting"])).toBe("waiting");
      await vi.advanceTimersByTimeAsync(1);
      expect(await written).toEqual(unavailable("not done within 500 ms"));
      expect(await store.write(events(1))).toEqual(accepted);
      expect(sessions.map((session) => session.scripts.length)).toEqual([...scripts, 1]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("runs nothing on a session that opens when nobody waits any more, and closes it", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { store, sessions } = setUp(undefined, {}, () => promise);
    const aborting = new AbortController();
    const written = store.write(events(1), aborting.signal);
    aborting.abort();
    expect(await written).toEqual(unavailable("cut short by this side"));
    resolve();
    await vi.waitFor(() => expect(sessions).toEqual([{ scripts: [], isClosed: true }]));
  });

  it("lets writes that wait for the same session go on without one another", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { store, sessions } = setUp(undefined, {}, () => promise);
    const written = [store.write(events(1)), store.write(events(2))];
    resolve();
    expect(await Promise.all(written)).toEqual([accepted, accepted]);
    expect(sessions).toEqual([{ scripts: [{ events: 1 }, { events: 2 }], isClosed: false }]);
  });

  it("ends what is under way when it is closed, and writes nothing more", async () => {
    const { store, sessions } = setUp(() => never);
    const written = store.write(events(1));
    await vi.waitFor(() => expect(sessions[0]?.scripts).toHaveLength(1));
    store.close();
    expect(await written).toEqual(unavailable("cut short by this side"));
    expect(await store.write(events(1))).toEqual(unavailable("cut short by this side"));
    expect(sessions).toEqual([{ scripts: [{ events: 1 }], isClosed: true }]);
  });

  it("refuses the outputs of keys that the script names, and runs it again for all others", async () => {
    const counts: number[] = [];
    const { store } = setUp((_, script) => {
      counts.push(script);
      // The key of the first event's mark: behind three keys of its own and the ten minutes of the top.
      return script === 1 ? [14] : [];
    });
    const outcome = await store.write([
      engagement({ event: 1, content: 1, time: start }),
      engagement({ event: 2_001, content: 1, time: start }),
      engagement({ event: 2, content: 2, time: start }),
    ]);
    expect(outcome).toEqual({
      kind: "refused",
      reason: "event:seen:0 holds something else",
      ids: ["engagement:1:1", "engagement:2:1"],
    });
    expect(counts).toEqual([1, 2]);
  });
});
