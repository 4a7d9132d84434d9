import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import {
  array,
  int8,
  int16,
  int32,
  int64,
  type RecordBatch,
  readRecordBatch,
  string,
  WireReader,
} from "./kafka-wire.ts";

/** What a request to write brings, of one partition. */
interface Part extends RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
}

export interface ProduceSeen {
  readonly node: number;
  readonly acks: number;
  readonly parts: readonly Part[];
}

/** `lost answer`: all is written, and the connection breaks before the producer hears of it. A number: that error, and nothing is written. */
export type KafkaFault = "silence" | "hang up" | "lost answer" | number;

export interface FakeKafkaOptions {
  /** Partitions by topic. More may be added later. */
  readonly topics: Record<string, number>;
  readonly nodes?: number;
  /** The most bytes of a batch, by default as Kafka's own. */
  readonly batchBytesMax?: number;
  /** What goes wrong with the nth request to write, from 1. */
  readonly fault?: (nth: number, seen: ProduceSeen) => KafkaFault | undefined;
  /** The node that leads a partition; the first one by default. Asked anew each time. */
  readonly leaderOf?: (topic: string, partition: number) => number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Whether a SASL/OAUTHBEARER message lets its sender in; without it nobody is asked. */
  readonly letsIn?: (message: string) => boolean;
}

export interface FakeRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

const error = {
  none: 0,
  unknownTopic: 3,
  notLeader: 6,
  tooLarge: 10,
  topicExists: 36,
  badReplication: 38,
  outOfOrder: 45,
  authentication: 58,
} as const;
const apis = {
  produce: 0,
  metadata: 3,
  saslHandshake: 17,
  apiVersions: 18,
  createTopics: 19,
  initProducerId: 22,
  saslAuthenticate: 36,
};
/** The one version of each that is spoken here. */
const versions = [
  [apis.produce, 3],
  [apis.metadata, 4],
  [apis.saslHandshake, 1],
  [apis.apiVersions, 2],
  [apis.createTopics, 2],
  [apis.initProducerId, 0],
  [apis.saslAuthenticate, 0],
] as const;

/** A topic as it was asked for. */
export interface CreatedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** What the brokers have written down. */
class FakeLogs {
  readonly #records = new Map<string, FakeRecord[]>();
  readonly #lastSequences = new Map<string, { first: number; last: number }>();

  /** @returns an error's code, or 0. */
  write({ topic, partition, producerId, firstSequence, records }: Part): number {
    const place = `${topic}-${partition}-${producerId}`;
    const before = this.#lastSequences.get(place);
    const last = firstSequence + records.length - 1;
    if (before?.first === firstSequence && before.last === last) return error.none;
    if (firstSequence !== (before?.last ?? -1) + 1) return error.outOfOrder;
    this.#lastSequences.set(place, { first: firstSequence, last });
    const log = this.#records.get(topic) ?? [];
    this.#records.set(topic, log);
    const next = log.filter((record) => record.partition === partition).length;
    log.push(...records.map((record, i) => ({ partition, offset: next + i, ...record })));
    return error.none;
  }

  read(topic: string): FakeRecord[] {
    const log = this.#records.get(topic) ?? [];
    return log.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
  }
}

/** Brokers as a producer sees them: they write down what they are sent, and drop repetitions by producer id and sequence, as Kafka does. */
export async function fakeKafka(options: FakeKafkaOptions) {
  const { topics, batchBytesMax = 1_048_588, letsIn, leaderOf = () => 0 } = options;
  const logs = new FakeLogs();
  const seen: ProduceSeen[] = [];
  const created: CreatedTopic[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let producerIds = 0;

  const verdictOn = (part: Part, node: number): number => {
    if (part.partition >= (topics[part.topic] ?? 0)) return error.unknownTopic;
    if (leaderOf(part.topic, part.partition) !== node) return error.notLeader;
    return part.bytes > batchBytesMax ? error.tooLarge : logs.write(part);
  };

  const produce = (reader: WireReader, node: number): Buffer | "silence" | "hang up" => {
    reader.string();
    const acks = reader.int16();
    reader.int32();
    const parts = reader
      .array(() => {
        const topic = reader.string() ?? "";
        return reader.array((): Part => {
          const partition = reader.int32();
          const bytes = reader.bytes();
          return { topic, partition, bytes: bytes.length, ...readRecordBatch(bytes) };
        });
      })
      .flat();
    seen.push({ node, acks, parts });
    const fault = options.fault?.(seen.length, { node, acks, parts });
    if (fault === "silence" || fault === "hang up") return fault;
    const answers = parts.map((part) => ({ ...part, code: typeof fault === "number" ? fault : verdictOn(part, node) }));
    if (fault === "lost answer") return "hang up";
    const topicsSeen = [...Map.groupBy(answers, ({ topic }) => topic)];
    return Buffer.concat([
      array(topicsSeen, ([topic, ofTopic]) =>
        Buffer.concat([
          string(topic),
          array(ofTopic, ({ partition, code }) =>
            Buffer.concat([int32(partition), int16(code), int64(code ? -1 : 0), int64(-1)]),
          ),
        ]),
      ),
      int32(0),
    ]);
  };

  const createTopics = (reader: WireReader): Buffer => {
    const asked = reader.array((): CreatedTopic => {
      const [topic, partitions, replicas] = [reader.string() ?? "", reader.int32(), reader.int16()];
      reader.array(() => reader.int32());
      const configs = Object.fromEntries(reader.array(() => [reader.string(), reader.string()]));
      return { topic, partitions, replicas, configs };
    });
    const verdictOnTopic = ({ topic, replicas }: CreatedTopic) => {
      if (topics[topic] !== undefined) return error.topicExists;
      return replicas > ports().length ? error.badReplication : error.none;
    };
    const verdicts = asked.map((one) => ({ ...one, code: verdictOnTopic(one) }));
    for (const { code, ...one } of verdicts) {
      if (code === error.none) {
        topics[one.topic] = one.partitions;
        created.push(one);
      }
    }
    const said = (code: number) => (code === error.none ? int16(-1) : string("it can't be"));
    return Buffer.concat([
      int32(0),
      array(verdicts, ({ topic, code }) => Buffer.concat([string(topic), int16(code), said(code)])),
    ]);
  };

  const metadata = (reader: WireReader): Buffer => {
    const named = reader.array(() => reader.string() ?? "");
    const asked = named.length > 0 ? named : Object.keys(topics);
    const topicOf = (topic: string) => {
      const partitions = Array.from({ length: topics[topic] ?? 0 }, (_, partition) => partition);
      const leaderAlone = (partition: number) => array([leaderOf(topic, partition)], int32);
      const partitionOf = (partition: number) =>
        Buffer.concat([
          ...[int16(0), int32(partition), int32(leaderOf(topic, partition))],
          ...[leaderAlone(partition), leaderAlone(partition)],
        ]);
      const code = partitions.length > 0 ? error.none : error.unknownTopic;
      return Buffer.concat([int16(code), string(topic), int8(0), array(partitions, partitionOf)]);
    };
    return Buffer.concat([
      int32(0),
      array(ports(), (port) =>
        Buffer.concat([int32(ports().indexOf(port)), string("localhost"), int32(port), int16(-1)]),
      ),
      string("fake"),
      int32(0),
      array(asked, topicOf),
    ]);
  };

  const answer = (api: number, reader: WireReader, node: number): Buffer | "silence" | "hang up" => {
    switch (api) {
      case apis.produce:
        return produce(reader, node);
      case apis.metadata:
        return metadata(reader);
      case apis.createTopics:
        return createTopics(reader);
      case apis.apiVersions:
        return Buffer.concat([
          int16(0),
          array(versions, ([key, version]) => Buffer.concat([int16(key), int16(version), int16(version)])),
          int32(0),
        ]);
      case apis.initProducerId:
        return Buffer.concat([int32(0), int16(0), int64(++producerIds), int16(0)]);
      case apis.saslHandshake:
        return Buffer.concat([int16(0), array(["OAUTHBEARER"], string)]);
      case apis.saslAuthenticate: {
        const isIn = letsIn?.(reader.bytes().toString()) ?? true;
        return Buffer.concat([
          int16(isIn ? 0 : error.authentication),
          isIn ? int16(-1) : string("Access denied"),
          int32(0),
        ]);
      }
      default:
        return "hang up";
    }
  };

  const serve = (node: number) => (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    let received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE()) {
        const request = received.subarray(4, 4 + received.readInt32BE());
        received = received.subarray(4 + request.length);
        const reader = new WireReader(request);
        const [api] = [reader.int16(), reader.int16()];
        const correlation = reader.int32();
        reader.string();
        const body = answer(api as number, reader, node);
        if (body === "hang up") socket.destroy();
        else if (body !== "silence") socket.write(Buffer.concat([int32(4 + body.length), int32(correlation), body]));
      }
    });
  };

  const servers: Server[] = Array.from({ length: options.nodes ?? 1 }, (_, node) =>
    options.tls ? createTlsServer(options.tls, serve(node)) : createTcpServer(serve(node)),
  );
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const ports = () => servers.map((server) => (server.address() as AddressInfo).port);
  return {
    brokers: ports().map((port) => `localhost:${port}`),
    /** The requests to write, in order. */
    seen,
    /** The topics that were created, in order. */
    created,
    /** What stands in a topic, by partition and offset. */
    read: (topic: string) => logs.read(topic),
    connections: () => connections,
    /** Breaks all connections, as a broker that restarts does. */
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
