import { readFileSync } from "node:fs";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import middy from "@middy/core";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { meter } from "../../../functions/aws.ts";
import { createHandler as createClickHouse } from "../../../functions/clickhouse/handler.ts";
import { createHandler as createConsume } from "../../../functions/consume/handler.ts";
import { wire as wireConsume } from "../../../functions/consume/wiring.ts";
import { createHandler as createDeliver } from "../../../functions/deliver/handler.ts";
import { createHandler as createFinalize } from "../../../functions/finalize/handler.ts";
import { wire as wireFinalize } from "../../../functions/finalize/wiring.ts";
import { writesMetrics } from "../../../functions/writes-metrics.ts";
import type { MskEvent } from "../../../shared/kafka/msk-event.ts";
import { fakeDynamo } from "../../support/fake-dynamodb.ts";
import { MemoryMeter } from "../../support/memory-meter.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { refused, ToldEndpoint } from "../runtime/told-endpoint.ts";
import { context, sample } from "./embedded-functions.ts";

const variables = {
  PIPELINES: '{"windows":{"partitions":1}}',
  ...{ ENTITIES_TABLE: "entities", PROGRESS_TABLE: "progress", OUTPUT_BUCKET: "bucket", BATCH_FAILURES: "throw" },
};
const both = JSON.parse(readFileSync("test/events/msk-incoming-events.json", "utf8")) as MskEvent;
/** Of one partition: others would meet it in a window. */
const events: MskEvent = { ...both, records: { "incoming-events-0": both.records["incoming-events-0"] ?? [] } };

let written: string[];
beforeEach(() => {
  written = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    written.push(String(line));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Every client of DynamoDB and S3 that is made meets these. */
function fakeAws() {
  const { client } = fakeDynamo(["entities", "progress"]);
  const dynamo = mockClient(DynamoDBClient);
  dynamo.on(PutItemCommand).callsFake((input) => client.send(new PutItemCommand(input)));
  dynamo.on(BatchGetItemCommand).callsFake((input) => client.send(new BatchGetItemCommand(input)));
  dynamo.on(BatchWriteItemCommand).callsFake((input) => client.send(new BatchWriteItemCommand(input)));
  dynamo.on(QueryCommand).callsFake((input) => client.send(new QueryCommand(input)));
  const s3 = mockClient(S3Client);
  s3.on(PutObjectCommand).resolves({});
  return { dynamo, s3 };
}

describe("writesMetrics", () => {
  it.each([
    ["shop", "shop"],
    ["", "tidemark"],
    [undefined, "tidemark"],
  ])("writes after an invocation, and when it fails, into the namespace %j as %s", async (namespace, written) => {
    const flush = vi.fn();
    const handler = middy(async (event: string) => {
      expect(flush).toHaveBeenCalledTimes(event === "fail" ? 1 : 0);
      if (event === "fail") throw new Error("it fails");
      return event;
    }).use(writesMetrics({ flush }, namespace));
    expect(await handler("done", context)).toBe("done");
    expect(flush).toHaveBeenCalledTimes(1);
    await expect(handler("fail", context)).rejects.toThrow("it fails");
    expect(flush.mock.calls).toEqual([[written], [written]]);
  });
});

describe("a consumer on AWS", () => {
  it("writes one line per invocation, with its records, its lag and its units", async () => {
    fakeAws();
    const handler = createConsume(wireConsume(variables)).use(writesMetrics(meter, undefined));
    await handler(events, context);
    const counted = ["records_read_total", "records_accepted_total", "records_duplicate_total"];
    const notTaken = ["records_ignored_total", "records_malformed_total"];
    const metrics = ["read_units_total", "write_units_total", ...counted, ...notTaken, "watermark_lag_ms"];
    const Metrics = metrics.map((Name) => ({ Name, Unit: Name.endsWith("_ms") ? "Milliseconds" : "Count" }));
    const directive = { Namespace: "tidemark", Dimensions: [["pipeline"]], Metrics };
    expect(written.map((line) => JSON.parse(line))).toEqual([
      {
        _aws: { Timestamp: expect.any(Number), CloudWatchMetrics: [directive] },
        pipeline: "windows",
        // The row, the closing, and three windows.
        read_units_total: 5,
        // The claim, the due lists of two ends, three windows, and the progress.
        write_units_total: 7,
        records_read_total: 7,
        records_accepted_total: 3,
        records_duplicate_total: 1,
        records_ignored_total: 2,
        records_malformed_total: 1,
        watermark_lag_ms: expect.any(Number),
      },
    ]);
  });

  it("writes what a failed invocation has counted", async () => {
    const { s3 } = fakeAws();
    s3.on(PutObjectCommand).rejects(new Error("no bucket"));
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const handler = createConsume(wireConsume(variables)).use(writesMetrics(meter, undefined));
    const spoilt = structuredClone(events);
    for (const record of Object.values(spoilt.records).flat()) Object.assign(record, { value: "bm9uc2Vuc2U=" });
    await expect(handler(spoilt, context)).rejects.toThrow();
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      { pipeline: "windows", read_units_total: 2, write_units_total: 1 },
    ]);
  });
});

describe("finalize on AWS", () => {
  it("counts the units of each pipeline as its own", async () => {
    fakeAws();
    const PIPELINES = '{"attribution":{"partitions":2},"windows":{"partitions":1}}';
    const handler = createFinalize(wireFinalize({ ...variables, PIPELINES })).use(writesMetrics(meter, undefined));
    await handler(sample("schedule"), context);
    const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    const units = lines.map(({ pipeline, read_units_total, write_units_total }) => ({
      ...{ pipeline, read_units_total, write_units_total },
    }));
    // The rows of both sources and the closing of each partition.
    expect(units).toEqual([
      { pipeline: "attribution", read_units_total: 6, write_units_total: undefined },
      { pipeline: "windows", read_units_total: 2, write_units_total: undefined },
    ]);
  });
});

describe("functions that send", () => {
  const clock = { now: () => Date.UTC(2024, 0, 1, 14) };

  it("count what they put aside: deliver by the output's pipeline", async () => {
    const deliverMeter = new MemoryMeter();
    const endpoint = new ToldEndpoint(() => refused);
    const event = sample("dynamodb-stream-entities");
    const output = { id: "attribution:pv_1:1", pipeline: "attribution", entity: "pv_1", revision: 1, final: false };
    const emitted = [{ output: { ...output, body: {} }, message: {} as never }];
    const delivery = { endpoint, deadLetters: new MemoryObjectStore(), settings: { batchMax: 1, lines: 1 } };
    const pipelines = [{ name: "attribution", emittedBy: () => emitted }];
    await createDeliver({ pipelines, delivery, clock, meter: deliverMeter })(event, context);
    // Of three changes one is a removal.
    expect(deliverMeter.values).toEqual({ "dead_letters_total of attribution http": 2 });
  });

  it("count what they put aside: a database, also what is no result", async () => {
    const storeMeter = new MemoryMeter();
    const store = { write: async () => ({ kind: "accepted" }) as const };
    const deadLetters = new MemoryObjectStore();
    const handler = createClickHouse({ store, deadLetters, clock, failures: "report", meter: storeMeter });
    const unread = { topic: "events-enriched", partition: 0, offset: 7, timestamp: 0, value: "bm9uc2Vuc2U=" };
    const event: MskEvent = { eventSource: "aws:kafka", records: { "events-enriched-0": [unread] } };
    await handler(event, context);
    await handler(event, context);
    expect(storeMeter.values).toEqual({ "dead_letters_total of engagement clickhouse": 1 });
  });

  it("count sends that fail: a database that is down", async () => {
    const storeMeter = new MemoryMeter();
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const store = { write: async () => ({ kind: "unavailable", reason: "connection refused" }) as const };
    const app = { deadLetters: new MemoryObjectStore(), clock, failures: "report", meter: storeMeter } as const;
    const sent = JSON.parse(readFileSync("test/events/clickhouse.json", "utf8")) as MskEvent;
    const first = sent.records["events-enriched-0"]?.slice(0, 2) ?? [];
    await createClickHouse({ store, ...app })({ ...sent, records: { "events-enriched-0": first } }, context);
    expect(storeMeter.values).toEqual({ "sink_failures_total of clickhouse": 1 });
  });
});
