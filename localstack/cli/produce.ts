import { existsSync } from "node:fs";
import { KafkaClient } from "@aws-sdk/client-kafka";
import { readLines } from "../record-file/line-reader.ts";
import { parseRecordLine, RecordLineError } from "../record-file/parse-line.ts";
import type { KafkaAddress } from "../topics/kafka-client.ts";
import { describeMskCluster } from "../topics/msk-cluster.ts";
import { openSender } from "../topics/send-records.ts";
import type { CommandIo } from "./io.ts";
import { authKind, authOf, brokersIn, regionIn, regionOf } from "./kafka-access.ts";
import { UsageError } from "./usage-error.ts";

export interface ProduceFlags {
  readonly input: string;
  readonly cluster?: string;
  readonly brokers?: string;
  readonly auth: string;
  readonly json: boolean;
}

/**
 * `tidemark produce`: writes the records of a file to their Kafka topics, in the file's order for each partition.
 * @throws {UsageError} the file, or a line of it, can't be read. @throws {Error} the brokers can't be reached, or don't take the records.
 */
export async function produceCommand(flags: ProduceFlags, io: CommandIo): Promise<void> {
  if (!existsSync(flags.input)) throw new UsageError(`--input ${flags.input} isn't there`);
  const sender = await openSender(await addressOf(flags));
  const counts: Record<string, number> = {};
  try {
    for (const line of readLines(flags.input)) {
      const record = parseRecordLine(line);
      if (!record) continue;
      await sender.send(record);
      counts[record.topic] = (counts[record.topic] ?? 0) + 1;
    }
  } catch (error) {
    throw error instanceof RecordLineError ? new UsageError(`${flags.input}, ${error.message}`) : error;
  } finally {
    await sender.close();
  }
  if (flags.json) io.out(JSON.stringify({ produced: counts }));
  else for (const [topic, count] of Object.entries(counts)) io.out(`${topic}  ${count} records`);
}

async function addressOf({ cluster, brokers, auth }: ProduceFlags): Promise<KafkaAddress> {
  const kind = authKind(auth);
  if (brokers !== undefined) {
    const named = brokersIn(brokers);
    return { brokers: named, auth: authOf(kind, cluster ? regionIn(cluster) : regionOf(named)) };
  }
  if (cluster === undefined) throw new UsageError("no cluster to write to: give --cluster ARN or --brokers HOST:PORT");
  const region = regionIn(cluster);
  const found = await describeMskCluster(new KafkaClient({ region }), cluster);
  return { brokers: found.brokers, auth: authOf(kind, region) };
}
