import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FunctionRow } from "../../../functions/function-row.ts";
import { functions } from "../../../functions/manifest.ts";
import { databaseSinks } from "../../../shared/settings/definition.ts";
import { settingDefinitions, sourceTopics } from "../../../shared/settings/pipeline-definitions.ts";
import { pipelineNames } from "../../../shared/settings/settings.ts";

const rows = functions.map((row) => [row.name, row] as const);
const folderOf = (row: FunctionRow) => join("functions", row.folder);

/** Every pipeline, with every sink that it can have. */
const PIPELINES = JSON.stringify(
  Object.fromEntries(
    pipelineNames.map((name) => [name, { partitions: 3, sinks: settingDefinitions[name].sinks.known }]),
  ),
);

/** The variables that a function's wiring looks at, in an environment where there are only pipelines. */
async function variablesRead(row: FunctionRow): Promise<string[]> {
  const read = new Set<string>();
  const get = (_: object, name: string | symbol) => {
    read.add(String(name));
    return name === "PIPELINES" ? PIPELINES : undefined;
  };
  const empty = new Proxy<Record<string, string | undefined>>({}, { get });
  const { wire } = (await import(`../../../functions/${row.folder}/wiring.ts`)) as {
    wire: (values: unknown) => unknown;
  };
  await expect(async () => wire(empty)).rejects.toThrow("environment: ");
  return [...read];
}

describe("the manifest", () => {
  it("has a row for every folder in functions/, and a folder for every row", () => {
    const folders = readdirSync("functions", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect([...new Set(functions.map(({ folder }) => folder))].sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  it.each(rows)("finds handler, wiring and what Lambda loads in the folder of %s", (_, row) => {
    const missing = ["handler.ts", "wiring.ts", "lambda.ts"].filter((file) => !existsSync(join(folderOf(row), file)));
    expect(missing).toEqual([]);
  });

  it.each(rows)("names for %s exactly the variables that its wiring reads", async (_, row) => {
    expect((await variablesRead(row)).sort()).toEqual([...row.environment].sort());
  });

  it.each(rows)("lets %s do without none but variables that it has", (_, { environment, optionalEnvironment = [] }) => {
    expect(optionalEnvironment.filter((name) => !environment.includes(name))).toEqual([]);
  });

  it.each(rows)(
    "gives %s no more time than an event source mapping of Kafka allows, and memory that Lambda has",
    (_, row) => {
      expect(row.timeoutSeconds).toBeGreaterThan(0);
      expect(row.timeoutSeconds).toBeLessThanOrEqual(840);
      expect(row.memoryMb).toBeGreaterThanOrEqual(128);
      expect(row.memoryMb).toBeLessThanOrEqual(10_240);
    },
  );

  it("has at most two readers on the stream of a table, as DynamoDB allows", () => {
    const streams = functions.flatMap(({ triggers }) =>
      triggers.flatMap((one) => (one.kind === "stream" ? one.table : [])),
    );
    for (const table of new Set(streams)) {
      expect(streams.filter((one) => one === table).length).toBeLessThanOrEqual(2);
    }
  });

  it("asks for batches and windows that Lambda takes", () => {
    for (const trigger of functions.flatMap(({ triggers }) => triggers)) {
      if (trigger.kind === "schedule")
        expect(Number.isInteger(trigger.everyMinutes) && trigger.everyMinutes > 0).toBe(true);
      else if ("batchSize" in trigger) {
        expect(trigger.batchSize).toBeGreaterThanOrEqual(1);
        expect(trigger.batchSize).toBeLessThanOrEqual(10_000);
        expect(trigger.batchWindowSeconds).toBeGreaterThanOrEqual(0);
        expect(trigger.batchWindowSeconds).toBeLessThanOrEqual(300);
      }
    }
  });

  it("has one consumer for each topic of each pipeline, and for no others", () => {
    const read = functions.flatMap(({ pipelines, triggers }) =>
      triggers.flatMap((one) => (one.kind === "msk" ? one.topics.map((topic) => [pipelines.join(), topic]) : [])),
    );
    const owed = pipelineNames.flatMap((name) => sourceTopics[name].map((topic) => [name, topic]));
    expect(read.toSorted()).toEqual(owed.toSorted());
  });

  it("feeds every database from the topic of each pipeline that has it as a sink, and from no change stream", () => {
    const fed = functions.flatMap(({ name, triggers }) =>
      triggers.flatMap((one) => (one.kind === "results" ? [[one.pipeline, name]] : [])),
    );
    const owed = pipelineNames.flatMap((name) => {
      const known: readonly string[] = settingDefinitions[name].sinks.known;
      return databaseSinks.flatMap((sink) => (known.includes(sink) ? [[name, sink]] : []));
    });
    expect(fed.toSorted()).toEqual(owed.toSorted());
  });

  it("knows only pipelines that there are, and leaves none without a function", () => {
    const known: readonly string[] = pipelineNames;
    expect(new Set(functions.flatMap(({ pipelines }) => pipelines))).toEqual(new Set(known));
  });

  it.each(rows)("gives %s only rights of the service that they are for", (_, { actions }) => {
    const services = {
      entities: "dynamodb:",
      progress: "dynamodb:",
      bucket: "s3:",
      secret: "secretsmanager:",
      cluster: "kafka-cluster:",
      outputTopics: "kafka-cluster:",
      sourceTopics: "kafka-cluster:",
    } as const;
    for (const [to, names] of Object.entries(actions)) {
      const service = services[to as keyof typeof services];
      expect(names.filter((name) => !name.startsWith(service) || name.includes("*"))).toEqual([]);
    }
  });
});

describe("the environment", () => {
  it("is read nowhere but in what Lambda loads", () => {
    const loaded = new Set(functions.map((row) => join(folderOf(row), "lambda.ts")));
    const readers = globSync("{functions,shared}/**/*.ts").filter((file) =>
      readFileSync(file, "utf8").includes("process.env"),
    );
    expect(new Set(readers)).toEqual(loaded);
  });
});
