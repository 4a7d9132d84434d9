import { describe, expect, it, vi } from "vitest";
import type { DeliveryOutcome } from "../../../shared/ports/endpoint.ts";
import { deliverableFor } from "../../../shared/runtime/deliver.ts";
import { type Answer, accepted, changes, now, output, refused, setUp, unavailable } from "./told-endpoint.ts";

const folder = "dead_letters/http/attribution/";
const refusing =
  (...bad: string[]): Answer =>
  (entities) =>
    entities.some((entity) => bad.includes(entity)) ? refused : accepted;
const refusedLetter = (entity: string) => {
  return { sink: "http", reason: "HTTP 422", status: 422, output: output(entity) };
};
const expiredLetter = (entity: string) => {
  return { sink: "http", reason: "not delivered for 20 hours", output: output(entity) };
};

describe("an output that is refused", () => {
  it("is put aside with its payload and the reason, and the others are delivered", async () => {
    const { endpoint, run, letters } = setUp(refusing("b"));
    expect(await run(changes("a b c"))).toBeUndefined();
    expect(endpoint.accepted).toEqual(["a", "c"]);
    expect(await letters()).toEqual({ [`${folder}2-0.json`]: refusedLetter("b") });
  });

  it("is named by its change and its place in it, so that none is lost to another", async () => {
    const { run, letters } = setUp(() => refused);
    expect(await run(changes("a:a1,a2 b"))).toBeUndefined();
    expect(await letters()).toEqual({
      [`${folder}1-0.json`]: refusedLetter("a1"),
      [`${folder}1-1.json`]: refusedLetter("a2"),
      [`${folder}2-0.json`]: refusedLetter("b"),
    });
  });

  it("is put aside once, however often the changes are sent again", async () => {
    const { run, letters } = setUp(refusing("b"));
    for (let i = 0; i < 3; i++) expect(await run(changes("a b"))).toBeUndefined();
    expect(await letters()).toEqual({ [`${folder}2-0.json`]: refusedLetter("b") });
  });

  it("is put aside though the endpoint can't be reached after it", async () => {
    const answers: DeliveryOutcome[] = [accepted, refused, unavailable];
    const { run, letters } = setUp((_, nth) => answers[nth - 1]!);
    expect(await run(changes("a b c d"))).toBe("3");
    expect(await letters()).toEqual({ [`${folder}2-0.json`]: refusedLetter("b") });
  });
});

describe("an array that is refused", () => {
  it("is sent again one at a time, as arrays of one, to find the culprit", async () => {
    const { endpoint, run, letters } = setUp(refusing("b"), { batchMax: 3 });
    expect(await run(changes("a b c d"))).toBeUndefined();
    expect(endpoint.asked).toEqual(["[a b c]", "[a]", "[b]", "[c]", "[d]"]);
    expect(endpoint.accepted).toEqual(["a", "c", "d"]);
    expect(await letters()).toEqual({ [`${folder}2-0.json`]: refusedLetter("b") });
  });

  it("is halved, where it is large, until only a few are left to be sent one at a time", async () => {
    const { endpoint, run, letters } = setUp(refusing("k"), { batchMax: 20 });
    expect(await run(changes("a b c d e f g h i j k l m n o p"))).toBeUndefined();
    expect(endpoint.asked).toEqual([
      ...["[a b c d e f g h i j k l m n o p]", "[a b c d e f g h]", "[i j k l m n o p]"],
      ...["[i j k l]", "[i]", "[j]", "[k]", "[l]", "[m n o p]"],
    ]);
    expect(endpoint.accepted.join(" ")).toBe("a b c d e f g h i j l m n o p");
    expect(await letters()).toEqual({ [`${folder}11-0.json`]: refusedLetter("k") });
  });

  it.each([
    ["of four, one at a time", 4, 5],
    ["of five, in a half of three and one of two", 5, 8],
  ])("whole is put aside, %s", async (_, outputs, requests) => {
    const { endpoint, run, letters } = setUp(() => refused, { batchMax: 20 });
    const names = Array.from({ length: outputs }, (_, i) => `e${i}`);
    expect(await run(changes(names.join(" ")))).toBeUndefined();
    expect(endpoint.asked).toHaveLength(requests);
    expect(Object.keys(await letters())).toHaveLength(outputs);
  });

  it("goes on, halved, from the first that wasn't delivered, where the endpoint then can't be reached", async () => {
    const { endpoint, run } = setUp(
      (entities, nth) => (nth > 3 ? unavailable : entities.includes("f") ? refused : accepted),
      { batchMax: 20 },
    );
    expect(await run(changes("a b c d e f g h i"))).toBe("6");
    expect(endpoint.asked).toEqual(["[a b c d e f g h i]", "[a b c d e]", "[f g h i]", "[f]"]);
  });

  it("of one is put aside without another try", async () => {
    const { endpoint, run, letters } = setUp(() => refused, { batchMax: 3 });
    expect(await run(changes("a"))).toBeUndefined();
    expect(endpoint.asked).toEqual(["[a]"]);
    expect(await letters()).toEqual({ [`${folder}1-0.json`]: refusedLetter("a") });
  });

  it("is put aside whole where each of it is refused alone", async () => {
    const { run, letters } = setUp(refusing("a", "b"), { batchMax: 2 });
    expect(await run(changes("a b c"))).toBeUndefined();
    expect(Object.keys(await letters())).toEqual([`${folder}1-0.json`, `${folder}2-0.json`]);
  });

  it("for its being an array, and nothing in it, leaves nothing aside", async () => {
    const { endpoint, run, letters } = setUp((entities) => (entities.length > 1 ? refused : accepted), { batchMax: 2 });
    expect(await run(changes("a b c"))).toBeUndefined();
    expect(endpoint.accepted).toEqual(["a", "b", "c"]);
    expect(await letters()).toEqual({});
  });

  it("goes on from the first that wasn't delivered, where the endpoint then can't be reached", async () => {
    const answers: DeliveryOutcome[] = [refused, accepted, refused, unavailable];
    const { endpoint, run, letters } = setUp((_, nth) => answers[nth - 1]!, { batchMax: 4 });
    expect(await run(changes("a b c d e"))).toBe("3");
    expect(endpoint.asked).toEqual(["[a b c d]", "[a]", "[b]", "[c]"]);
    expect(await letters()).toEqual({ [`${folder}2-0.json`]: refusedLetter("b") });
  });
});

describe("an output that nobody would take", () => {
  it.each([
    ["1 ms under 20 hours", deliverableFor - 1, ["a"], []],
    ["for exactly 20 hours", deliverableFor, ["a"], []],
    ["for 1 ms more than 20 hours", deliverableFor + 1, [], [`${folder}1-0.json`]],
  ])("%s is asked for %3$j and put aside as %4$j", async (_, age, asked, names) => {
    const { endpoint, run, letters } = setUp();
    expect(await run(changes("a", now - age))).toBeUndefined();
    expect(endpoint.asked).toEqual(asked);
    expect(Object.keys(await letters())).toEqual(names);
  });

  it("is put aside with its payload, once, though the endpoint can't be reached", async () => {
    const { endpoint, run, letters } = setUp(() => unavailable);
    for (let i = 0; i < 2; i++) expect(await run(changes("a:a1,a2", now - deliverableFor - 1))).toBeUndefined();
    expect(endpoint.asked).toEqual([]);
    expect(await letters()).toEqual({
      [`${folder}1-0.json`]: expiredLetter("a1"),
      [`${folder}1-1.json`]: expiredLetter("a2"),
    });
  });

  it("leaves its array to those that still have time", async () => {
    const { endpoint, run, letters } = setUp(undefined, { batchMax: 3 });
    const [a, b, c] = changes("a b c");
    expect(await run([{ ...a!, at: now - deliverableFor - 1 }, b!, c!])).toBeUndefined();
    expect(endpoint.asked).toEqual(["[b c]"]);
    expect(await letters()).toEqual({ [`${folder}1-0.json`]: expiredLetter("a") });
  });
});

describe("many dead letters", () => {
  it("are written 16 at a time, so that the function has the time for them", async () => {
    const { run, deadLetters } = setUp(undefined, { batchMax: 100 });
    let underWay = 0;
    const most: number[] = [];
    vi.spyOn(deadLetters, "create").mockImplementation(async () => {
      most.push(++underWay);
      await new Promise(setImmediate);
      underWay--;
      return "created";
    });
    const names = Array.from({ length: 40 }, (_, i) => `e${i}`);
    await run(changes(`a:${names.join(",")}`, now - deliverableFor - 1));
    expect([most.length, Math.max(...most)]).toEqual([40, 16]);
  });
});

describe("a store of dead letters that fails", () => {
  it("fails the delivery: what is neither delivered nor put aside must come again", async () => {
    const broken = setUp(() => refused);
    const [change] = changes("a");
    const [one] = change!.emitted;
    const unnameable = { ...change!, emitted: [{ ...one!, output: { ...output("a"), pipeline: ".." } }] };
    await expect(broken.run([unnameable])).rejects.toThrow("is no object name");
  });
});
