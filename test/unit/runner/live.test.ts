import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { pipelineConfig } from "../../../localstack/cli/options.ts";
import { FileLog } from "../../../localstack/embedded/file-log.ts";
import { openLog, runLive } from "../../../localstack/runner/live.ts";
import { localApi } from "../../../localstack/runner/local-api.ts";
import { logProducer } from "../../../localstack/runner/log-producer.ts";
import { localContext } from "../../../localstack/runner/msk-mapping.ts";
import { holdState } from "../../../localstack/runner/state-directory.ts";
import { openWorld, type World } from "../../../localstack/runner/world.ts";
import type { PipelineName } from "../../../shared/settings/settings.ts";
import { rowsOfDataset } from "../../support/replay-outputs.ts";

const root = mkdtempSync(join(tmpdir(), "tidemark-live-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const event = (partition: number, id: string) => {
  const payload = JSON.stringify({
    eventId: id,
    userId: "u",
    amount: 1,
    eventType: "e",
    eventTime: new Date().toISOString(),
  });
  return {
    topic: "incoming-events",
    partition,
    offset: 0,
    tstype: "create",
    ts: Date.now(),
    key: id,
    payload,
  } as const;
};

/** Runs these pipelines over the log and state in `directory`, until `isDone`. */
async function live(
  directory: string,
  names: readonly PipelineName[],
  work: (world: World, log: FileLog) => Promise<void> | void,
  isDone: (world: World) => Promise<boolean>,
): Promise<void> {
  const held = holdState(join(directory, "state"));
  const { store, path: statePath } = held;
  const pipelines = names.map((name) => pipelineConfig(name, {}, 2));
  const sending = { batchMax: 10, deliveryTries: 1 };
  const world = await openWorld({ pipelines, store, statePath, outDirectory: directory, ...sending });
  const log = new FileLog(join(directory, "log"));
  await openLog(world, log);
  await work(world, log);
  const controller = new AbortController();
  const running = runLive(world, { log, traffic: () => [], signal: controller.signal });
  while (!(await isDone(world))) await sleep(50);
  controller.abort();
  await running;
  await world.close();
  held.close();
}

/** Records that each pipeline has taken in. */
async function acceptedBy(world: World, name: PipelineName): Promise<number> {
  const progress = await world.pipelineNamed(name).progress();
  return progress.flatMap(({ sources }) => sources).reduce((sum, { row }) => sum + row.counts.accepted, 0);
}

it("a topic that two pipelines read goes whole to each of them, also to one that comes later", async () => {
  const directory = mkdtempSync(join(root, "two-"));
  const first = (_: World, log: FileLog) => log.produce([event(0, "a"), event(1, "b"), event(0, "c")]);
  await live(directory, ["dedupe"], first, async (world) => (await acceptedBy(world, "dedupe")) === 3);
  const more = (_: World, log: FileLog) => log.produce([event(1, "d")]);
  await live(directory, ["dedupe", "windows"], more, async (world) => {
    return (await acceptedBy(world, "windows")) === 4 && (await acceptedBy(world, "dedupe")) === 4;
  });
  const ids = (await rowsOfDataset(directory, "deduped_events")).map(({ eventId }) => eventId);
  expect(ids.toSorted()).toEqual(["a", "b", "c", "d"]);
});

it("what the API produces is taken in, and then the API answers with it", async () => {
  const directory = mkdtempSync(join(root, "api-"));
  const answers: unknown[] = [];
  const ask = async (world: World, log: FileLog, method: string, rawPath: string) => {
    const handler = localApi(world, logProducer(log, new Map([["purchases", 2]])));
    const requestContext = { http: { method }, stage: "$default", requestId: "r" };
    const request = { version: "2.0", rawPath, rawQueryString: "", requestContext } as never;
    const { statusCode, body } = await handler(request, localContext);
    answers.push([statusCode, JSON.parse(String(body))]);
  };
  let opened: FileLog | undefined;
  await live(
    directory,
    ["purchases"],
    async (world, log) => {
      opened = log;
      await ask(world, log, "POST", "/duplicate/3/ann");
    },
    async (world) => {
      const isIn = (await acceptedBy(world, "purchases")) === 1;
      if (isIn && opened) await ask(world, opened, "GET", "/total/ann");
      return isIn;
    },
  );
  expect(answers).toEqual([
    [200, expect.objectContaining({ userId: "ann", duplicatesSent: 3 })],
    [200, { userId: "ann", totalDebt: "100.00", currency: "USD" }],
  ]);
});

it("a producer says which topics there aren't, and writes the rest", async () => {
  const log = new FileLog(mkdtempSync(join(root, "log-")));
  log.open("purchases", 0, new Map([["g", 0]]));
  const producer = logProducer(log, new Map([["purchases", 1]]));
  const message = (id: string, topic: string) => ({ id, topic, key: "k", value: id, timestamp: 1 });
  expect(await producer.produce([message("a", "purchases"), message("b", "orders")])).toEqual({
    kind: "refused",
    reason: "there is no topic orders",
    ids: ["b"],
  });
  expect(log.peek("g", "purchases", 0, 9).map(({ value }) => String(value))).toEqual(["a"]);
  expect(await producer.produce([message("c", "purchases")], AbortSignal.abort())).toMatchObject({
    kind: "unavailable",
  });
  expect(log.peek("g", "purchases", 0, 9).length).toBe(1);
});
