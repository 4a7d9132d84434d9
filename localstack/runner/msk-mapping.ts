import type { Context } from "aws-lambda";
import type { LogRecord } from "../../shared/core/record.ts";
import type { KafkaBatchResponse } from "../../shared/kafka/batch-response.ts";
import type { MskEvent, MskRecord } from "../../shared/kafka/msk-event.ts";

type Handler = (event: MskEvent, context: Context) => Promise<KafkaBatchResponse>;

export const localContext = { functionName: "local", awsRequestId: "local" } as Context;

/** What an MSK event source mapping sends for these records of one topic. */
export function mskEvent(records: readonly LogRecord[]): MskEvent {
  const byPartition: Record<string, MskRecord[]> = {};
  for (const record of records) {
    const name = `${record.topic}-${record.partition}`;
    byPartition[name] ??= [];
    byPartition[name].push(mskRecord(record));
  }
  return {
    eventSource: "aws:kafka",
    eventSourceArn: "arn:aws:kafka:us-east-1:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1",
    bootstrapServers: "127.0.0.1:9098",
    records: byPartition,
  };
}

/**
 * Sends records of one topic to a function until all of them are done, as an event source mapping does: what the answer names as failed
 * is sent again, after a wait.
 * @throws the function's last error, when `tries` are used up.
 */
export async function deliverRecords(
  handler: Handler,
  records: readonly LogRecord[],
  { tries, wait }: { tries: number; wait: (attempt: number) => Promise<void> },
): Promise<void> {
  let left = records;
  for (let attempt = 1; left.length > 0; attempt++) {
    const { batchItemFailures } = await handler(mskEvent(left), localContext);
    if (batchItemFailures.length === 0) return;
    const failed = new Set(
      batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => `${partition}@${offset}`),
    );
    left = left.filter(({ topic, partition, offset }) => failed.has(`${topic}-${partition}@${offset}`));
    if (attempt === tries) throw new Error(`${left.length} records are still not done after ${tries} tries`);
    await wait(attempt);
  }
}

function mskRecord({ topic, partition, offset, timestamp, key, value }: LogRecord): MskRecord {
  return {
    topic,
    partition,
    offset,
    timestamp,
    timestampType: "CREATE_TIME",
    key: key && base64(key),
    value: value && base64(value),
    headers: [],
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
