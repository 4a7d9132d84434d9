import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileProducer } from "../../localstack/embedded/file-producer.ts";
import { producerContract } from "./producer.contract.ts";

producerContract({
  name: "FileProducer",
  open: (state) => {
    const directory = mkdtempSync(join(tmpdir(), "tidemark-topics-"));
    const producer = new FileProducer({ directory, partitions: { one: 3, other: 3 }, lengths: {} });
    if (state === "down") producer.close();
    return {
      producer,
      topics: ["one", "other"],
      read: (topic) => readTopic(join(directory, `${topic}.ndjson`)),
      close: () => {
        producer.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
});

function readTopic(path: string) {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  const records = lines.map((line) => {
    const { partition, offset, ts, key, payload, headers } = JSON.parse(line);
    const pairs = headers.flatMap((name: string, i: number) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []));
    return { partition, offset, key, value: payload, timestamp: ts, headers: Object.fromEntries(pairs) };
  });
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

describe("FileProducer", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tidemark-topics-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const path = () => join(directory, "one.ndjson");
  const open = (lengths: Readonly<Record<string, number>> = {}) => {
    return new FileProducer({ directory, partitions: { one: 3, other: 2 }, lengths });
  };
  /** Of the partitions 0, 1 and 2. */
  const keys = ["user_1", "user_2", "user_6"];
  const messages = (...ids: readonly string[]) => {
    return ids.map((id, i) => ({
      id,
      topic: "one",
      key: keys[i % 3] ?? "",
      value: `{"of":"${id}"}`,
      timestamp: 1_000,
    }));
  };
  /** `id partition@offset` of each line, in the order of the file. */
  const lines = () =>
    readFileSync(path(), "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line))
      .map(({ headers, partition, offset }) => `${headers[1]} ${partition}@${offset}`);

  it("writes records as record files have them, one to a line", async () => {
    const producer = open();
    await producer.produce(messages("a"));
    expect(readFileSync(path(), "utf8")).toBe(
      '{"topic":"one","partition":0,"offset":0,"tstype":"create","ts":1000,"key":"user_1","payload":"{\\"of\\":\\"a\\"}",' +
        '"headers":["tidemark-id","a"]}\n',
    );
    producer.close();
  });

  it("has written what it says is accepted", async () => {
    const producer = open();
    expect(await producer.produce(messages("a", "b"))).toEqual({ kind: "accepted" });
    expect(lines()).toEqual(["a 0@0", "b 1@0"]);
    producer.close();
  });

  it("goes on behind the remembered length, and counts offsets on from there in each partition", async () => {
    const first = open();
    await first.produce(messages("a", "b", "c", "d"));
    const lengths = first.lengths();
    await first.produce(messages("lost", "lost", "lost"));
    first.close();
    const second = open(lengths);
    expect(lines()).toEqual(["a 0@0", "b 1@0", "c 2@0", "d 0@1"]);
    await second.produce(messages("e", "f", "g"));
    expect(lines()).toEqual(["a 0@0", "b 1@0", "c 2@0", "d 0@1", "e 0@2", "f 1@1", "g 2@1"]);
    expect(second.lengths()).toEqual({ one: statSync(path()).size, other: 0 });
    second.close();
  });

  it("begins anew where no length is remembered, also for a topic that gets nothing more", async () => {
    const first = open();
    await first.produce(messages("a", "b"));
    first.close();
    open().close();
    expect(lines()).toEqual([]);
  });

  it("goes on from the end of a file that is shorter than remembered, without its torn last line", async () => {
    const first = open();
    await first.produce(messages("a", "b", "c"));
    const lengths = first.lengths();
    first.close();
    truncateSync(path(), statSync(path()).size - 1);
    const second = open(lengths);
    expect(lines()).toEqual(["a 0@0", "b 1@0"]);
    await second.produce(messages("d", "e", "f"));
    expect(lines()).toEqual(["a 0@0", "b 1@0", "d 0@1", "e 1@1", "f 2@0"]);
    second.close();
  });

  it("drops what was written behind the remembered length by half a line", async () => {
    const first = open();
    await first.produce(messages("a"));
    const lengths = first.lengths();
    first.close();
    appendFileSync(path(), '{"topic":"one","parti');
    const second = open(lengths);
    await second.produce(messages("b"));
    expect(lines()).toEqual(["a 0@0", "b 0@1"]);
    second.close();
  });

  it("takes nothing more once it is closed, and may be closed again", async () => {
    const producer = open();
    producer.close();
    producer.close();
    expect(await producer.produce(messages("a"))).toEqual({ kind: "unavailable", reason: "cut short by this side" });
  });
});
