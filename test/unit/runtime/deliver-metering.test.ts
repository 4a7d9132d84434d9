import { describe, expect, it } from "vitest";
import type { DeliveryOutcome } from "../../../shared/ports/endpoint.ts";
import { deliver, deliverableFor } from "../../../shared/runtime/deliver.ts";
import { endpointSink } from "../../../shared/runtime/immediate-sinks.ts";
import { MemoryMeter } from "../../support/memory-meter.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { type Answer, accepted, changes, now, refused, ToldEndpoint, unavailable } from "./told-endpoint.ts";

function setUp(answer: Answer, settings: { batchMax?: number; lines?: number } = {}) {
  const meter = new MemoryMeter();
  const sink = endpointSink(new ToldEndpoint(answer), { batchMax: 1, lines: 1, ...settings });
  const delivery = { sink, deadLetters: new MemoryObjectStore(), meter };
  return {
    values: meter.values,
    run: (text: string, { at = now, signal }: { at?: number; signal?: AbortSignal } = {}) =>
      deliver(delivery, changes(text, at), now, signal),
  };
}

const failuresOf = (values: Readonly<Record<string, number>>) => values["sink_failures_total of http"];

describe("a delivery", () => {
  it("that gets through counts nothing", async () => {
    const { values, run } = setUp(() => accepted);
    await run("a b c");
    expect(values).toEqual({});
  });

  it("counts each send that the other side didn't take", async () => {
    const { values, run } = setUp((_, nth) => (nth === 2 ? unavailable : accepted));
    await run("a b c");
    expect(values).toEqual({ "sink_failures_total of http": 1 });
    await run("b c");
    expect(values).toEqual({ "sink_failures_total of http": 1 });
  });

  it("counts each line that meets a failure", async () => {
    const both = Promise.withResolvers<DeliveryOutcome>();
    const answer: Answer = (_, nth) => {
      if (nth === 2) both.resolve(unavailable);
      return both.promise;
    };
    const { values, run } = setUp(answer, { lines: 4 });
    await run("k1 k2 k3 k4");
    expect(failuresOf(values)).toBeGreaterThanOrEqual(2);
  });

  it("counts no failure where this side has cut a send short", async () => {
    const cut = new AbortController();
    const { values, run } = setUp(() => {
      cut.abort();
      return { kind: "unavailable", reason: "cut short by this side" };
    });
    expect(await run("a", { signal: cut.signal })).toMatchObject({ sequence: "1" });
    expect(values).toEqual({});
  });

  it("counts what is put aside, once, however often it comes", async () => {
    const { values, run } = setUp(([entity]) => (entity === "a" ? accepted : refused));
    await run("a b c");
    expect(values).toEqual({ "dead_letters_total of attribution http": 2 });
    await run("a b c");
    expect(values).toEqual({ "dead_letters_total of attribution http": 2 });
  });

  it("counts what is too old to be sent as put aside", async () => {
    const { values, run } = setUp(() => accepted);
    await run("a", { at: now - deliverableFor });
    expect(values).toEqual({});
    await run("b c", { at: now - deliverableFor - 1 });
    expect(values).toEqual({ "dead_letters_total of attribution http": 2 });
  });
});
