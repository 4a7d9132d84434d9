import { afterEach, describe, expect, it } from "vitest";
import { idHeader, type Producer, type TopicMessage } from "../../shared/ports/producer.ts";

/** A record as whoever reads the topic finds it. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A producer and what it writes to, where waits are short. */
export interface OpenProducer {
  readonly producer: Producer;
  /** Two topics of three partitions each, empty. */
  readonly topics: readonly [string, string];
  /** What stands in a topic, by partition and offset. */
  read(topic: string): Promise<readonly ReadRecord[]> | readonly ReadRecord[];
  close(): Promise<void> | void;
}

export interface ProducerContract {
  readonly name: string;
  /** Why it can't be tested here. */
  readonly skip?: string | undefined;
  /** `down`: nobody listens. */
  open(state: "up" | "down"): Promise<OpenProducer> | OpenProducer;
  /** The most bytes that its topics take in one message, where there is a limit. */
  readonly messageBytesMax?: number;
}

/** Chosen by kafka-clients 4.3.1 (`BuiltInPartitioner.partitionForKey`) among three partitions. */
const javasChoice: Readonly<Record<string, number>> = {
  "": 0,
  a: 1,
  ab: 2,
  abcd: 2,
  user_1: 0,
  user_2: 1,
  user_6: 2,
  "user_1|1704110700000": 2,
  пользователь_1: 0,
  "🚀 to the 🌙": 2,
  "9007199254740993": 0,
};

const accepted = { kind: "accepted" };
const unavailable = { kind: "unavailable", reason: expect.stringMatching(/./) };

/** What every `Producer` must do, whatever it is made of. */
export function producerContract({ name, skip, open, messageBytesMax }: ProducerContract): void {
  describe.skipIf(skip)(`${name} keeps the contract of a producer${skip ? ` (skipped: ${skip})` : ""}`, () => {
    let opened: OpenProducer | undefined;
    const start = async (state: "up" | "down" = "up") => {
      opened = await open(state);
      const { producer, topics, read } = opened;
      const message = (id: string, rest: Partial<TopicMessage> = {}): TopicMessage => {
        return { id, topic: topics[0], key: "user_1", value: `{"of":"${id}"}`, timestamp: 1_704_110_700_000, ...rest };
      };
      const idsIn = async (topic = topics[0]) => (await read(topic)).map(({ headers }) => headers[idHeader]);
      return { producer, topics, read, message, idsIn };
    };
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });

    it("writes key, value, time and id as they are, in the partition that Kafka's own producer would choose", async () => {
      const { producer, topics, read, message } = await start();
      const sent = Object.keys(javasChoice).map((key, i) => {
        const value = `{"of":${JSON.stringify(key)},"text":"naïve ✓ 🦀\\u0000"}`;
        return message(`attribution:${key}:${i}`, { key, value, timestamp: [0, 999, 1_704_110_700_001][i % 3] ?? 0 });
      });
      expect(await producer.produce(sent)).toEqual(accepted);
      const found = (await read(topics[0])).map(({ offset: _, ...record }) => record);
      const expected = sent.map(({ id, key, value, timestamp }) => {
        return { partition: javasChoice[key], key, value, timestamp, headers: { [idHeader]: id } };
      });
      expect(found).toEqual(expected.toSorted((a, b) => (a.partition ?? 0) - (b.partition ?? 0)));
    });

    it("counts offsets from 0, without holes, in each partition", async () => {
      const { producer, topics, read, message } = await start();
      for (const round of [0, 1, 2]) {
        const keys = Object.keys(javasChoice);
        await producer.produce(keys.map((key) => message(`${key}:${round}`, { key })));
      }
      const found = await read(topics[0]);
      expect(found).toHaveLength(33);
      for (const partition of [0, 1, 2]) {
        const offsets = found.filter((record) => record.partition === partition).map(({ offset }) => offset);
        expect(offsets).toEqual(offsets.map((_, i) => i));
      }
    });

    it("keeps the order per key within a large batch, and each message once", async () => {
      const { producer, topics, read, message } = await start();
      const sent = Array.from({ length: 2_500 }, (_, i) => message(`m${i}`, { key: `user_${i % 20}` }));
      expect(await producer.produce(sent)).toEqual(accepted);
      const found = await read(topics[0]);
      for (let user = 0; user < 20; user++) {
        const ofUser = sent.filter(({ key }) => key === `user_${user}`).map(({ id }) => id);
        const inTopic = found.filter(({ key }) => key === `user_${user}`).map(({ headers }) => headers[idHeader]);
        expect(inTopic).toEqual(ofUser);
      }
      expect(found).toHaveLength(2_500);
    });

    it("keeps the order per key from call to call, also where nobody waits in between", async () => {
      const { producer, idsIn, message } = await start();
      const ids = Array.from({ length: 30 }, (_, i) => `m${i}`);
      const outcomes = await Promise.all(ids.map((id) => producer.produce([message(id)])));
      expect(outcomes).toEqual(ids.map(() => accepted));
      expect(await idsIn()).toEqual(ids);
    });

    it("takes a batch that is larger than any one request", async () => {
      const { producer, idsIn, message } = await start();
      const value = "x".repeat(messageBytesMax ? messageBytesMax / 3 : 300_000);
      const sent = Array.from({ length: 12 }, (_, i) => message(`m${i}`, { value }));
      expect(await producer.produce(sent)).toEqual(accepted);
      expect(await idsIn()).toEqual(sent.map(({ id }) => id));
    });

    it("writes to several topics in one call", async () => {
      const { producer, topics, idsIn, message } = await start();
      const sent = [
        message("a1"),
        message("b1", { topic: topics[1] }),
        message("a2"),
        message("b2", { topic: topics[1] }),
      ];
      expect(await producer.produce(sent)).toEqual(accepted);
      expect([await idsIn(topics[0]), await idsIn(topics[1])]).toEqual([
        ["a1", "a2"],
        ["b1", "b2"],
      ]);
    });

    it("writes nothing of an empty batch, and says accepted", async () => {
      const { producer, idsIn } = await start();
      expect(await producer.produce([])).toEqual(accepted);
      expect(await idsIn()).toEqual([]);
    });

    it("writes the same messages under the same ids, where they are sent again", async () => {
      const { producer, idsIn, message } = await start();
      const sent = [message("m1"), message("m2")];
      for (let i = 0; i < 2; i++) expect(await producer.produce(sent)).toEqual(accepted);
      expect(await idsIn()).toEqual(["m1", "m2", "m1", "m2"]);
    });

    it("takes ids of any text", async () => {
      const { producer, idsIn, message } = await start();
      const ids = ["a b", "a%20b", "ü", "🦀", "a\r\nb", "\u0000", "x".repeat(3_000)];
      expect(await producer.produce(ids.map((id) => message(id)))).toEqual(accepted);
      expect(await idsIn()).toEqual(ids);
    });

    it("names the messages for a topic that there isn't, and writes all others", async () => {
      const { producer, idsIn, message } = await start();
      const nowhere = { topic: "there-is-no-such-topic" };
      const sent = [message("m1"), message("n1", nowhere), message("m2"), message("n2", nowhere)];
      const outcome = await producer.produce(sent);
      expect(outcome).toEqual({ kind: "refused", reason: expect.stringContaining(nowhere.topic), ids: ["n1", "n2"] });
      expect(await idsIn()).toEqual(["m1", "m2"]);
      expect(await producer.produce([message("m3")])).toEqual(accepted);
      expect(await idsIn()).toEqual(["m1", "m2", "m3"]);
    });

    if (messageBytesMax !== undefined) {
      const tooLarge = { value: "x".repeat(messageBytesMax + 1) };

      it("names a message that is too large, and writes nothing of it", async () => {
        const { producer, idsIn, message } = await start();
        const outcome = await producer.produce([message("large", tooLarge)]);
        expect(outcome).toEqual({ kind: "refused", reason: expect.stringMatching(/./), ids: ["large"] });
        expect(await idsIn()).toEqual([]);
      });

      it("refuses a batch with a message that is too large; what it doesn't name may be sent again", async () => {
        const { producer, idsIn, message } = await start();
        const outcome = await producer.produce([message("m1"), message("large", tooLarge), message("m2")]);
        expect(outcome).toMatchObject({ kind: "refused", reason: expect.stringMatching(/./) });
        const named = "ids" in outcome;
        if (named) expect(outcome).toMatchObject({ ids: ["large"] });
        else expect(await producer.produce([message("m1"), message("m2")])).toEqual(accepted);
        expect(new Set(await idsIn())).toEqual(new Set(["m1", "m2"]));
      });
    }

    it("says unavailable, and doesn't throw, where nobody listens", async () => {
      const { producer, message } = await start("down");
      expect(await producer.produce([message("m1")])).toEqual(unavailable);
      expect(await producer.produce([message("m1")])).toEqual(unavailable);
    });

    it("writes nothing when the signal has already fired", async () => {
      const { producer, idsIn, message } = await start();
      expect(await producer.produce([message("m1")], AbortSignal.abort())).toEqual(unavailable);
      expect(await idsIn()).toEqual([]);
      expect(await producer.produce([message("m2")])).toEqual(accepted);
      expect(await idsIn()).toEqual(["m2"]);
    });
  });
}
