import { readFileSync } from "node:fs";
import type { Context, DynamoDBStreamEvent, EventBridgeEvent } from "aws-lambda";
import { createHandler as createAttribution } from "../../../functions/consume/handler.ts";
import { createHandler as createDeliver } from "../../../functions/deliver/handler.ts";
import { createHandler as createFinalize } from "../../../functions/finalize/handler.ts";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import type { Row } from "../../../shared/core/row.ts";
import type { MskEvent } from "../../../shared/kafka/msk-event.ts";
import { attribution } from "../../../shared/pipelines/attribution/attribution.ts";
import { silentMeter } from "../../../shared/ports/meter.ts";
import type { StateStore } from "../../../shared/ports/state-store.ts";
import { runKeyed } from "../../../shared/runtime/running-pipeline.ts";
import { readSettings } from "../../../shared/settings/settings.ts";
import { jsonRowFormat, jsonRowsOf } from "../../support/json-row-format.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { type Answer, accepted, ToldEndpoint } from "../runtime/told-endpoint.ts";

const minute = 60_000;
const partitions = 3;
export const context = { functionName: "test", awsRequestId: "test" } as Context;

/** A sample event, the JSON that Lambda passes. */
export function sample(name: "msk-ad-clicks" | "msk-page-views"): MskEvent;
export function sample(name: "dynamodb-stream-entities" | "dynamodb-stream-progress"): DynamoDBStreamEvent;
export function sample(name: "schedule"): EventBridgeEvent<"Scheduled Event", unknown>;
export function sample(name: string): unknown {
  return JSON.parse(readFileSync(`test/events/${name}.json`, "utf8"));
}

export interface FunctionsOptions {
  readonly failures?: "report" | "throw";
  readonly interpose?: (store: StateStore) => StateStore;
  readonly answer?: Answer;
}

/** The real handlers over embedded adapters, and all that they store in reach of a test. */
export function embeddedFunctions({ failures = "report", interpose = (same) => same, answer }: FunctionsOptions = {}) {
  const clock = { now: () => Date.UTC(2024, 0, 1, 14) };
  const store = new SqliteStateStore({ path: ":memory:", clock });
  const objects = new MemoryObjectStore();
  const settings = readSettings("attribution", {});
  const engineSettings = {
    partitions,
    maxFutureSkew: 5 * minute,
    futureClock: "wall",
    stateBytesMax: 262_144,
    immediate: true,
    finals: true,
    views: true,
    forgets: false,
  } as const;
  const pipeline = runKeyed({
    pipeline: attribution(settings),
    settings: engineSettings,
    store: interpose(store),
    objects,
    rowFormat: jsonRowFormat,
    clock,
    meter: silentMeter,
  });
  const endpoint = new ToldEndpoint(answer ?? (() => accepted));
  const rowsUnder = async (prefix: string): Promise<Row[]> => {
    const rows: Row[] = [];
    for await (const name of objects.list(prefix)) rows.push(...jsonRowsOf((await objects.read(name))!));
    return rows;
  };
  return {
    attribution: createAttribution({ pipeline, failures }),
    finalize: createFinalize({ pipelines: [pipeline] }),
    deliver: createDeliver({
      pipelines: [pipeline],
      delivery: { endpoint, deadLetters: objects, settings: { batchMax: 1, lines: 1 } },
      clock,
    }),
    endpoint,
    changes: () => store.changes.after(0, 1_000),
    rowsUnder,
    objectNames: () => Array.fromAsync(objects.list("")),
    /** `pv_1 <- click_1`, by the latest revision of each. */
    attributions: () => {
      const latest = new Map<string, string>();
      for (const { document } of store.changes.after(0, 1_000)) {
        for (const {
          output: { entity, body },
        } of pipeline.emittedBy(document)) {
          latest.set(entity, `${entity} <- ${body.attributed_click_id ?? "nobody"}`);
        }
      }
      return [...latest.values()].sort();
    },
    /** Everything that is stored of these users and of all partitions, and the names of all objects. */
    everything: async (...users: readonly string[]) => {
      const numbers = Array.from({ length: partitions }, (_, partition) => partition);
      const rows = pipeline.sources.flatMap((topic) =>
        numbers.map((partition) => `row|attribution|${topic}|${partition}`),
      );
      const closings = numbers.map((partition) => `closed|attribution|${partition}`);
      const entities = numbers.flatMap((partition) => users.map((user) => `attribution|${partition}|${user}`));
      return {
        progress: await store.progress.read([...rows, ...closings]),
        entities: await store.entities.read(entities),
        changes: store.changes.after(0, 1_000),
        objects: await Array.fromAsync(objects.list("")),
      };
    },
  };
}
