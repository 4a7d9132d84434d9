import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { cutDeliveries } from "../../../localstack/replay/deliveries.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-deliveries-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const file = join(directory, "records.ndjson");
const facts = {
  kind: "facts",
  partitions: 2,
  eventTimeOf: () => undefined,
  idOf: (_: string, value: Uint8Array) => new TextDecoder().decode(value),
} as const;

/** What deliveries `0:a 1:b` come to: partitions and ids, in the order of the file. */
function cut(records: string, scope: "partition" | "topic", batchMax = 500): string[] {
  const lines = records.split(" ").map((record, offset) => {
    const [partition, payload] = record.split(":");
    return `${JSON.stringify({ topic: "t", partition: Number(partition), offset, ts: 0, key: null, payload })}\n`;
  });
  writeFileSync(file, lines.join(""));
  const pipeline = { ...facts, scope };
  const deliveries = [...cutDeliveries(file, { offset: 0, lines: 0 }, pipeline, batchMax, new Map())];
  return deliveries.map((delivery) =>
    delivery.records
      .map(({ partition, value }) => `${partition}:${pipeline.idOf("t", value ?? Buffer.of())}`)
      .join(" "),
  );
}

it.each([
  ["holds several partitions, and an id as often as it comes in one of them", "0:a 1:b 0:a 1:b", ["0:a 1:b 0:a 1:b"]],
  ["ends before an id that it has in another partition", "0:a 1:b 1:a 0:b", ["0:a 1:b", "1:a 0:b"]],
  ["ends before such an id, also in the partition that it began with", "0:a 1:b 0:b", ["0:a 1:b", "0:b"]],
  ["goes on from there as from the beginning", "0:a 1:a 0:b 0:a 1:a", ["0:a", "1:a 0:b", "0:a", "1:a"]],
])("a delivery %s", (_, records, deliveries) => {
  expect(cut(records, "partition")).toEqual(deliveries);
});

it("a delivery holds one partition where the order of all of them counts", () => {
  expect(cut("0:a 0:b 1:c 0:a", "topic")).toEqual(["0:a 0:b", "1:c", "0:a"]);
});

it("a delivery is no longer than it may be", () => {
  expect(cut("0:a 1:b 0:c 1:d 0:e", "partition", 2)).toEqual(["0:a 1:b", "0:c 1:d", "0:e"]);
});
