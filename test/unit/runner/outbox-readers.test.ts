import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { pipelineConfig } from "../../../localstack/cli/options.ts";
import { readReached, writeReached } from "../../../localstack/runner/delivery-thread.ts";
import { deliverRecords } from "../../../localstack/runner/msk-mapping.ts";
import { type HeldState, holdState } from "../../../localstack/runner/state-directory.ts";
import { openWorld, type World } from "../../../localstack/runner/world.ts";

const root = mkdtempSync(join(tmpdir(), "tidemark-readers-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directory: string;
let held: HeldState;
beforeEach(() => {
  directory = mkdtempSync(join(root, "world-"));
  held = holdState(join(directory, "state"));
});
afterEach(() => held.close());

const once = { tries: 1, wait: async () => {} };

function open(...sinks: string[]): Promise<World> {
  const pipelines = [pipelineConfig("dedupe", { sinks, allowedLateness: "1h" }, 1)];
  const { store, path: statePath } = held;
  return openWorld({
    pipelines,
    store,
    statePath,
    outDirectory: directory,
    replayBegan: 0,
    batchMax: 10,
    deliveryTries: 1,
  });
}

async function take(world: World, ...offsets: number[]): Promise<void> {
  const records = offsets.map((offset) => {
    const value = Buffer.from(JSON.stringify({ eventId: `e${offset}`, eventTime: "2024-01-01T12:00:00Z" }));
    return { topic: "incoming-events", partition: 0, offset, timestamp: Date.UTC(2024, 0, 1, 12), key: null, value };
  });
  await deliverRecords(world.consumerNamed("dedupe").handler, records, once);
}

async function deliver({ delivery, store }: World): Promise<void> {
  await delivery?.start();
  await delivery?.finished();
  await store.group(async () => delivery?.remember());
}

const linesOf = (...path: string[]) =>
  readFileSync(join(directory, ...path), "utf8")
    .split("\n")
    .filter(Boolean);
const posted = () => linesOf("http", "deliveries.ndjson").map((line) => JSON.parse(line).entity);
const published = () => linesOf("topics", "processed-events.ndjson").map((line) => JSON.parse(line).key);
const changes = () => held.store.changes.after(0, 100).map(({ sequence }) => sequence);

it("each sink gets all outputs, in order, and what both have is let go", async () => {
  const world = await open("http", "kafka");
  await take(world, 0, 1, 2);
  expect(changes()).toEqual([1, 2, 3]);
  await deliver(world);
  expect([posted(), published(), changes()]).toEqual([["e0", "e1", "e2"], ["e0", "e1", "e2"], []]);
  await world.close();
});

it("a sink goes on where it was itself, and changes that one has not read are kept for it", async () => {
  const first = await open("http");
  await take(first, 0, 1, 2);
  await first.close();
  writeReached(held.store, { deliver: { cursor: 2, lengths: { deliveries: 0 } } });
  const world = await open("http", "kafka");
  await held.store.group(async () => world.delivery?.remember());
  expect(changes()).toEqual([1, 2, 3]);
  await deliver(world);
  expect([posted(), published(), changes()]).toEqual([["e2"], ["e0", "e1", "e2"], []]);
  await world.close();
});

it("after a death the files are cut back to what the state remembers, and nothing stands twice", async () => {
  const first = await open("http", "kafka");
  await take(first, 0, 1);
  await deliver(first);
  const remembered = readReached(held.store);
  await take(first, 2, 3);
  // Delivered, but not remembered: so it is when a process dies in between.
  await first.delivery?.start();
  await first.delivery?.finished();
  await first.close();
  expect([posted().length, published().length]).toEqual([4, 4]);
  expect(readReached(held.store)).toEqual(remembered);
  const second = await open("http", "kafka");
  expect(changes()).toEqual([3, 4]);
  await deliver(second);
  const offsets = linesOf("topics", "processed-events.ndjson").map((line) => JSON.parse(line).offset);
  expect([posted(), published(), offsets]).toEqual([
    ["e0", "e1", "e2", "e3"],
    ["e0", "e1", "e2", "e3"],
    [0, 1, 2, 3],
  ]);
  await second.close();
});

it("a sink that is off for a while keeps its place", async () => {
  const both = await open("http", "kafka");
  await take(both, 0);
  await deliver(both);
  await both.close();
  const one = await open("kafka");
  await take(one, 1);
  await deliver(one);
  await one.close();
  expect(readReached(held.store)).toMatchObject({ deliver: { cursor: 1 }, publish: { cursor: 2 } });
  expect([posted(), published()]).toEqual([["e0"], ["e0", "e1"]]);
});

it("a pipeline without such a sink leaves no changes, and needs no readers", async () => {
  const world = await open("s3");
  await take(world, 0);
  expect([changes(), world.delivery]).toEqual([[], undefined]);
  await world.close();
});
