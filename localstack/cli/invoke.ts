import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context, DynamoDBStreamEvent } from "aws-lambda";
import type { PipelineConfig } from "../../functions/catalog.ts";
import type { FunctionRow } from "../../functions/function-row.ts";
import { functions } from "../../functions/manifest.ts";
import { purchasesTopic } from "../../shared/pipelines/purchases/purchases.ts";
import { databaseSinks } from "../../shared/settings/definition.ts";
import { nearest } from "../../shared/settings/nearest.ts";
import { settingDefinitions } from "../../shared/settings/pipeline-definitions.ts";
import { pipelineNamed } from "../../shared/settings/settings.ts";
import { FileProducer } from "../embedded/file-producer.ts";
import { RunNotes } from "../replay/run-notes.ts";
import { openDeliverReader } from "../runner/deliver-reader.ts";
import { readReached, writeReached } from "../runner/delivery-thread.ts";
import { localApi } from "../runner/local-api.ts";
import { notBegun } from "../runner/outbox-reader.ts";
import { openPublishReader } from "../runner/publish-reader.ts";
import { claimOutput, type HeldState, holdState } from "../runner/state-directory.ts";
import { openWorld, type World } from "../runner/world.ts";
import { backfillFunction, databaseFunction } from "./invoke-databases.ts";
import type { CommandIo } from "./io.ts";
import { keyValues, partitionsMax, pipelineConfig, wholeNumberFrom } from "./options.ts";
import { UsageError } from "./usage-error.ts";

export interface InvokeFlags {
  readonly state: string;
  readonly out: string;
  readonly partitions: string;
  readonly set: readonly string[];
}

/** What a function is run with. */
interface Bench {
  readonly world: World;
  readonly configs: readonly PipelineConfig[];
  readonly held: HeldState;
  readonly out: string;
  readonly event: unknown;
}

interface Invokable {
  readonly handler: (event: never, context: Context) => Promise<unknown>;
  close?(): Promise<void>;
}

/** What a Kafka event source mapping allows a function, in milliseconds. */
const timeoutMs = 14 * 60_000;

/** `tidemark invoke`: one event through one real handler, over embedded state. */
export async function invokeCommand(name: string, eventFile: string, flags: InvokeFlags, io: CommandIo): Promise<void> {
  const event = readEvent(eventFile);
  const row = rowOf(name);
  const partitions = wholeNumberFrom(flags.partitions, "--partitions", 1, partitionsMax);
  const configs = configsOf(row, keyValues(flags.set), partitions);
  const held = holdState(flags.state);
  try {
    claimOutput(flags.out, held.store);
    for (const config of configs) {
      const notes = new RunNotes(held.store, config.name);
      notes.checkPartitions(partitions);
      notes.partitions = partitions;
    }
    const { store, path: statePath } = held;
    const sending = { batchMax: 1, deliveryTries: 1 };
    const world = await openWorld({ pipelines: configs, store, statePath, outDirectory: flags.out, ...sending });
    try {
      const { handler, close } = await invokableOf(row, { world, configs, held, out: flags.out, event });
      try {
        io.out(JSON.stringify((await handler(event as never, contextOf(name))) ?? null, null, 2));
      } finally {
        await close?.();
      }
    } finally {
      await world.close();
    }
  } finally {
    held.close();
  }
}

/** The pipelines of a function. What is set is for each of them that has such a setting. */
function configsOf(row: FunctionRow, set: Readonly<Record<string, string>>, partitions: number): PipelineConfig[] {
  const names = row.pipelines.map(pipelineNamed);
  const has = (setting: string, name: (typeof names)[number]) => Object.hasOwn(settingDefinitions[name], setting);
  return names.map((name) => {
    const given = Object.entries(set).filter(([setting]) => has(setting, name) || !names.some((n) => has(setting, n)));
    // Without an outbox: what `deliver` and `publish` send is what their event holds.
    const sinks = (["s3", "views", ...databaseSinks] as const).filter((sink) =>
      settingDefinitions[name].sinks.known.includes(sink),
    );
    return pipelineConfig(name, { sinks, ...Object.fromEntries(given) }, partitions);
  });
}

async function invokableOf({ name, folder }: FunctionRow, bench: Bench): Promise<Invokable> {
  const { world, configs, out } = bench;
  switch (folder) {
    case "consume":
      return { handler: world.consumerNamed(name).handler };
    case "finalize":
      return { handler: world.finalize };
    case "deliver":
    case "publish":
      return readerOf(folder, bench);
    case "clickhouse":
    case "redis":
      return databaseFunction(folder, world);
    case "backfill":
      return backfillFunction(world, configs);
    case "api": {
      const partitions = { [purchasesTopic]: world.pipelineNamed("purchases").partitions };
      const lengths = { [purchasesTopic]: Number.POSITIVE_INFINITY };
      const producer = new FileProducer({ directory: join(out, "topics"), partitions, lengths });
      return { handler: localApi(world, producer), close: async () => producer.close() };
    }
    default:
      throw new Error(`functions/manifest.ts: nothing here runs ${name}`);
  }
}

async function readerOf(name: "deliver" | "publish", { world, configs, held, out, event }: Bench): Promise<Invokable> {
  const { store, path: statePath } = held;
  const sinks = [name === "deliver" ? "http" : "kafka"] as const;
  const options = {
    pipelines: configs.map(({ name, settings }) => ({ name, settings: { ...settings, sinks } }) as PipelineConfig),
    ...{ statePath, outDirectory: out, deadLetters: world.objects, batchMax: 1, tries: 1 },
    reached: readReached(store)[name] ?? notBegun,
    clock: { now: () => momentOf(event) },
  };
  const reader = name === "deliver" ? await openDeliverReader(options) : openPublishReader(options);
  const close = async () => {
    writeReached(store, { [name]: reader.reached() });
    await reader.close();
  };
  return { handler: reader.handler, close };
}

/** When a stream's event happened: a sample is taken as of its own time, in which nothing of it is too old to be delivered. */
function momentOf(event: unknown): number {
  const records = (event as Partial<DynamoDBStreamEvent> | null)?.Records ?? [];
  return (
    Math.max(...records.map(({ dynamodb }) => 1_000 * (dynamodb?.ApproximateCreationDateTime ?? 0)), 0) || Date.now()
  );
}

function readEvent(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new UsageError(`${file} is no readable JSON file; test/events holds samples`, { cause });
  }
}

function rowOf(name: string): FunctionRow {
  const row = functions.find((one) => one.name === name);
  if (row) return row;
  const known = functions.map((one) => one.name);
  const close = nearest(name, known);
  throw new UsageError(
    `there is no function "${name}"; ${close ? `did you mean ${close}?` : `known are ${known.join(", ")}`}`,
  );
}

function contextOf(name: string): Context {
  const end = Date.now() + timeoutMs;
  return { functionName: name, awsRequestId: "local", getRemainingTimeInMillis: () => end - Date.now() } as Context;
}
