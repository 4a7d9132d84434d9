import { describe, expect, it } from "vitest";
import { type EnrichedEvent, isAfter, readEnrichedEvent } from "../../../shared/sinks/redis/enriched-event.ts";
import { keyNames } from "../../../shared/sinks/redis/key-names.ts";
import { planCall } from "../../../shared/sinks/redis/script-call.ts";
import { engagement } from "../../support/redis-views.ts";

const minute = 60_000;
const now = Date.UTC(2024, 0, 1, 12, 10, 30);

function event(of: Parameters<typeof engagement>[0]): EnrichedEvent {
  const read = readEnrichedEvent(engagement(of));
  if (typeof read === "string") throw new Error(read);
  return read;
}

/** The call, with its numbers read: what is to be counted where, and what offered as the last event. */
function called(events: readonly EnrichedEvent[]) {
  const { keys, args } = planCall(events, keyNames(""), now);
  const plan = JSON.parse(args[0] ?? "");
  const key = (number: number) => keys[number - 1];
  const counted = plan.marks.flatMap((mark: { key: number; events: [number, number, number][] }) =>
    mark.events.map(([bit, content, bucket]) => [
      `${key(mark.key)}#${bit}`,
      args[plan.contents[content - 1].id - 1],
      key(plan.contents[content - 1].count),
      bucket === 0 ? undefined : key(plan.buckets[bucket - 1].key),
    ]),
  );
  const lasts = plan.lasts.map((last: { key: number; body: number; expiresAt: number }) => [
    key(last.key),
    JSON.parse(args[last.body - 1] ?? "").event_id,
    last.expiresAt - now,
  ]);
  return { keys, plan, counted, lasts };
}

describe("a call of the script", () => {
  it("counts each event once, where its minute is kept, and offers each content its last event that is young enough", () => {
    const { counted, lasts } = called([
      event({ event: 1, content: "a", time: now }),
      event({ event: 1, content: "a", time: now, revision: 2 }),
      event({ event: 4_000, content: "b", time: now - 16 * minute }),
      event({ event: 2, content: "a", time: now + minute }),
      event({ event: "x", content: "c", time: now - 60 * minute }),
    ]);
    expect(counted).toEqual([
      ["event:seen:0#1", "a", "content:count:a", "top:content:bucket:202401011210"],
      ["event:seen:0#2", "a", "content:count:a", "top:content:bucket:202401011211"],
      ["event:seen:2#0", "b", "content:count:b", undefined],
      ["event:seen:x#0", "c", "content:count:c", undefined],
    ]);
    expect(lasts).toEqual([
      ["content:last:a", 2, 61 * minute],
      ["content:last:b", 4_000, 60 * minute],
    ]);
  });

  it("counts an event where it came first, should it come with another content or time, as it would in two calls", () => {
    const { counted } = called([
      event({ event: 1, content: "a", time: now - minute }),
      event({ event: 1, content: "b", time: now }),
    ]);
    expect(counted).toEqual([["event:seen:0#1", "a", "content:count:a", "top:content:bucket:202401011209"]]);
  });

  it("begins with its own keys and the ten minutes of the top, whatever it is about", () => {
    const { keys, plan } = called([event({ event: 1, content: 1, time: now })]);
    expect([keys.slice(0, 3), plan.summed, plan.minute]).toEqual([
      ["top:content:nothing", "top:content:10m", "top:content:10m:minute"],
      10,
      "202401011210",
    ]);
    expect(keys.slice(3, 13)).toEqual(
      Array.from({ length: 10 }, (_, i) => `top:content:bucket:${String(202_401_011_210 - i)}`),
    );
  });

  it("names no key twice", () => {
    const { keys } = called(
      Array.from({ length: 100 }, (_, i) => event({ event: i % 60, content: i % 7, time: now - i * 10_000 })),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("knows all keys of an event", () => {
    const [young, old] = [event({ event: 1, content: 1, time: now }), event({ event: 2, content: 1, time: 0 })];
    const { keysOf } = planCall([young, old], keyNames(""), now);
    expect(keysOf(young)).toEqual([
      "event:seen:0",
      "content:count:1",
      "top:content:bucket:202401011210",
      "content:last:1",
    ]);
    expect(keysOf(old)).toEqual(["event:seen:0", "content:count:1"]);
  });
});

describe("an event is its content's last one", () => {
  it.each([
    ["that is later", { event: 1, time: now + 1 }, { event: 2, time: now, revision: 2 }],
    ["whose id is greater, at the same time", { event: 10, time: now }, { event: 9, time: now, revision: 2 }],
    [
      "whose id is greater beyond 2^53",
      { event: "9007199254740993", time: now },
      { event: "9007199254740992", time: now, revision: 2 },
    ],
    ["whose revision is higher", { event: 1, time: now, revision: 10 }, { event: 1, time: now, revision: 9 }],
  ])("%s", (_, winner, loser) => {
    const [one, other] = [event({ content: 1, ...winner }), event({ content: 1, ...loser })];
    expect([isAfter(one, other), isAfter(other, one), isAfter(one, one)]).toEqual([true, false, false]);
  });
});
