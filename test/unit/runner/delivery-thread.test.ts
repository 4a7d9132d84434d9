import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { pipelineConfig } from "../../../localstack/cli/options.ts";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import { DeliveryThread } from "../../../localstack/runner/delivery-thread.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-thread-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it("a delivery that breaks down says so to whoever waits for it, and can still be closed", async () => {
  const store = new SqliteStateStore({ path: ":memory:", clock: { now: () => 0 } });
  const thread = new DeliveryThread(store, {
    pipelines: [pipelineConfig("attribution", {}, 1)],
    readers: ["deliver"],
    statePath: join(directory, "there is no such state"),
    outDirectory: directory,
    batchMax: 1,
    tries: 1,
    stillAt: undefined,
  });
  await thread.start();
  await expect(thread.finished()).rejects.toThrow("unable to open database file");
  await expect(thread.start()).rejects.toThrow("unable to open database file");
  // By now the thread is gone, and tells nobody any more.
  await sleep(300);
  await thread.close();
  store.close();
});
