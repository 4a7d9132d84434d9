import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { produceCommand } from "../../../localstack/cli/produce.ts";
import { fakeKafka } from "../../support/fake-kafka.ts";

const root = mkdtempSync(join(tmpdir(), "tidemark-produce-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let files = 0;

function fileOf(...lines: (object | string)[]): string {
  const path = join(root, `${++files}.ndjson`);
  writeFileSync(path, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  return path;
}

async function produce(brokers: readonly string[], input: string, flags: object = {}): Promise<string[]> {
  const out: string[] = [];
  const io = { out: (line: string) => void out.push(line), err: () => {}, status: () => {} };
  await produceCommand({ input, brokers: brokers.join(","), auth: "none", json: false, ...flags }, io);
  return out;
}

describe("tidemark produce", () => {
  it("writes each record as it stands in the file, in order, to the partition that it names", async () => {
    const kafka = await fakeKafka({ topics: { ad_clicks: 2, page_views: 2 } });
    const input = fileOf(
      { topic: "ad_clicks", partition: 1, ts: 1_704_110_700_000, key: "user_1", payload: '{"click_id":"c1"}' },
      { topic: "page_views", partition: 0, ts: 1_704_110_700_001, key: "user_2", payload: { event_id: "pv_1" } },
      { topic: "ad_clicks", partition: 1, ts: 1_704_110_700_002, key: null, payload: null },
      "",
      { topic: "ad_clicks", partition: 0, ts: 1_704_110_700_003, key: "user_3", payload: "not JSON" },
    );
    expect(await produce(kafka.brokers, input)).toEqual(["ad_clicks  3 records", "page_views  1 records"]);
    const shown = (topic: string) =>
      kafka
        .read(topic)
        .map(({ partition, key, value, timestamp }) => [partition, key, value, timestamp])
        .sort(([one], [other]) => Number(one) - Number(other));
    expect(shown("ad_clicks")).toEqual([
      [0, "user_3", "not JSON", 1_704_110_700_003],
      [1, "user_1", '{"click_id":"c1"}', 1_704_110_700_000],
      [1, null, null, 1_704_110_700_002],
    ]);
    expect(shown("page_views")).toEqual([[0, "user_2", '{"event_id":"pv_1"}', 1_704_110_700_001]]);
    await kafka.close();
  });

  it("counts for machines, and takes more records than one request holds", async () => {
    const kafka = await fakeKafka({ topics: { purchases: 3 } });
    const lines = Array.from({ length: 2_501 }, (_, i) => ({ topic: "purchases", partition: i % 3, payload: `${i}` }));
    expect(await produce(kafka.brokers, fileOf(...lines), { json: true })).toEqual(['{"produced":{"purchases":2501}}']);
    const values = kafka.read("purchases").filter(({ partition }) => partition === 1);
    expect(values.map(({ value }) => Number(value))).toEqual(Array.from({ length: 834 }, (_, i) => 3 * i + 1));
    await kafka.close();
  });

  it("names a line that is no record, and has sent those before it", async () => {
    const kafka = await fakeKafka({ topics: { purchases: 1 } });
    const input = fileOf({ topic: "purchases", partition: 0, payload: "1" }, { topic: "purchases" });
    await expect(produce(kafka.brokers, input)).rejects.toThrow(
      `${input}, line 2 is no record: payload is missing (null is a tombstone)`,
    );
    expect(kafka.read("purchases").map(({ value }) => value)).toEqual(["1"]);
    await kafka.close();
  });

  it("says what is missing, and creates no topic", async () => {
    const kafka = await fakeKafka({ topics: {} });
    await expect(produce(kafka.brokers, join(root, "none"))).rejects.toThrow("isn't there");
    const input = fileOf({ topic: "purchases", partition: 0, payload: "1" });
    await expect(produce(kafka.brokers, input, { brokers: undefined })).rejects.toThrow(
      "give --cluster ARN or --brokers",
    );
    await expect(produce(kafka.brokers, input, { auth: "scram" })).rejects.toThrow(
      '--auth takes iam or none, not "scram"',
    );
    await expect(produce(kafka.brokers, input)).rejects.toThrow(/purchases/);
    await kafka.close();
  });
});
