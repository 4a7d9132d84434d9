import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Change } from "../../../shared/runtime/deliver.ts";
import { accepted, changes, emitted, now, output, setUp, unavailable } from "./told-endpoint.ts";

const failingFrom = (first: number) => (_: readonly string[], nth: number) => (nth >= first ? unavailable : accepted);

describe("requests", () => {
  it("hold one object each, under its own id, where an array is not asked for", async () => {
    const { endpoint, run } = setUp();
    expect(await run(changes("a b:b1,b2"))).toBeUndefined();
    expect(endpoint.asked).toEqual(["a", "b1", "b2"]);
    expect(endpoint.messages[0]?.body).toBe(JSON.stringify(output("a")));
    expect(endpoint.messages.map(({ id }) => id)).toEqual(["attribution:a:1", "attribution:b1:1", "attribution:b2:1"]);
  });

  it("hold arrays of at most batchMax, across changes, under the ids of both ends", async () => {
    const { endpoint, run } = setUp(undefined, { batchMax: 3 });
    expect(await run(changes("a b:b1,b2 c d"))).toBeUndefined();
    expect(endpoint.asked).toEqual(["[a b1 b2]", "[c d]"]);
    expect(endpoint.messages.map(({ id }) => id)).toEqual([
      "attribution:a:1..attribution:b2:1",
      "attribution:c:1..attribution:d:1",
    ]);
  });

  it.each([
    [2, ["[a b]"]],
    [1, ["a", "b"]],
    [3, ["[a b]"]],
  ])("hold two outputs, with a batchMax of %i, as %j", async (batchMax, asked) => {
    const { endpoint, run } = setUp(undefined, { batchMax });
    await run(changes("a b"));
    expect(endpoint.asked).toEqual(asked);
  });

  it("are made for no change without outputs, nor for no changes", async () => {
    const { endpoint, run } = setUp(() => unavailable);
    expect([await run([]), await run(changes("a: b:"))]).toEqual([undefined, undefined]);
    expect(endpoint.asked).toEqual([]);
  });
});

describe("the order", () => {
  it("is that of the changes for each key, whatever is slow and however many lines there are", async () => {
    const change = fc.record({ key: fc.constantFrom("k1", "k2", "k3", "k4"), outputs: fc.nat(3) });
    const settings = fc.record({ batchMax: fc.integer({ min: 1, max: 4 }), lines: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), settings, async (some, chosen) => {
        const all = some.map(({ key, outputs }, i): Change => {
          const all = Array.from({ length: outputs }, (_, n) => emitted(`${key}/${i}/${n}`));
          return { sequence: String(i + 1), at: now, key, emitted: all };
        });
        const slow = async (_: readonly string[], nth: number) => {
          for (let i = 0; i < nth % 3; i++) await new Promise(setImmediate);
          return accepted;
        };
        const { endpoint, run } = setUp(slow, chosen);
        expect(await run(all)).toBeUndefined();
        for (const key of ["k1", "k2", "k3", "k4"]) {
          const expected = all.flatMap((one) => {
            return one.key === key ? one.emitted.map(({ output }) => output.entity) : [];
          });
          expect(endpoint.accepted.filter((entity) => entity.startsWith(`${key}/`))).toEqual(expected);
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("lets the lines of other keys go on while one waits", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const keys = ["k1", "k2", "k3", "k4", "k5", "k6"];
    const { endpoint, run } = setUp(([first]) => (first === "k1" ? promise.then(() => accepted) : accepted), {
      lines: 4,
    });
    const delivered = run(changes(keys.join(" ")));
    await new Promise(setImmediate);
    expect(endpoint.accepted.length).toBeGreaterThan(0);
    resolve();
    expect(await delivered).toBeUndefined();
    expect(endpoint.accepted.toSorted()).toEqual(keys);
  });
});

describe("an endpoint that isn't to be reached", () => {
  it.each([
    [1, "1", ["a"]],
    [2, "2", ["a", "b"]],
    [4, "4", ["a", "b", "c", "d"]],
    [5, undefined, ["a", "b", "c", "d"]],
  ])("from the request %i on is asked no more, and the answer is %s", async (first, sequence, asked) => {
    const { endpoint, run, letters } = setUp(failingFrom(first));
    expect(await run(changes("a b c d"))).toBe(sequence);
    expect(endpoint.asked).toEqual(asked);
    expect(await letters()).toEqual({});
  });

  it("leaves the change open of which one output was taken and another was not", async () => {
    const { run } = setUp(failingFrom(3));
    expect(await run(changes("a b:b1,b2 c"))).toBe("2");
  });

  it("never answers with a change that has nothing to deliver", async () => {
    const { run } = setUp(() => unavailable);
    expect(await run(changes("a: b"))).toBe("2");
  });

  it("gets an array again from its first change on", async () => {
    const { endpoint, run } = setUp(failingFrom(2), { batchMax: 2 });
    expect(await run(changes("a b c d"))).toBe("3");
    expect(endpoint.asked).toEqual(["[a b]", "[c d]"]);
  });

  it("is the reason that is given, and a time that is up another", async () => {
    expect(await setUp(failingFrom(2)).reason(changes("a b c"))).toBe("HTTP 503");
    expect(await setUp().reason(changes("a b c"), AbortSignal.abort())).toBe("the time is up");
    expect(await setUp().reason(changes("a b c"))).toBeUndefined();
  });

  it("stops all lines, and the answer is the first change of any of them", async () => {
    const { endpoint, run } = setUp(([entity]) => (entity === "k2" ? unavailable : accepted), { lines: 3 });
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    const from = Number(await run(changes(keys.join(" "))));
    expect(from).toBeLessThanOrEqual(3);
    expect(endpoint.asked.length).toBeLessThanOrEqual(10);
    const before = keys.slice(0, from - 1);
    expect(before.filter((entity) => !endpoint.accepted.includes(entity))).toEqual([]);
  });
});

describe("a delivery whose time is up", () => {
  it("asks nothing and answers the first change with outputs, where the time was up before it began", async () => {
    const { endpoint, run } = setUp();
    expect(await run(changes("a: b c"), AbortSignal.abort())).toBe("2");
    expect(endpoint.asked).toEqual([]);
  });

  it("asks no more once the time is up, and tells the endpoint of it", async () => {
    const controller = new AbortController();
    const { endpoint, run } = setUp((_, nth) => {
      if (nth === 2) controller.abort();
      return accepted;
    });
    expect(await run(changes("a b c d"), controller.signal)).toBe("3");
    expect(endpoint.accepted).toEqual(["a", "b"]);
    expect(endpoint.signals).toEqual([controller.signal, controller.signal]);
  });

  it("is done where the time is up with the last request", async () => {
    const controller = new AbortController();
    const { run } = setUp(() => {
      controller.abort();
      return accepted;
    });
    expect(await run(changes("a"), controller.signal)).toBeUndefined();
  });
});
