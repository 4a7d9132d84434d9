import type { AttributeValue, Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { Document } from "../../shared/ports/state-store.ts";
import type { ChangeFeed, StoredChange } from "../embedded/change-feed.ts";
import { localContext } from "./msk-mapping.ts";
import { streamBatchSize } from "./triggers.ts";

export type StreamHandler = (event: DynamoDBStreamEvent, context: Context) => Promise<DynamoDBBatchResponse>;

/** What a DynamoDB stream with new images sends for these changes. */
export function streamEvent(changes: readonly StoredChange[], table: string): DynamoDBStreamEvent {
  return { Records: changes.map((change) => streamRecord(change, table)) };
}

/** What a stream on the progress table sends when these partition rows have moved. */
export function progressEvent(keys: readonly string[]): DynamoDBStreamEvent {
  return {
    Records: keys.map((key) => ({
      eventName: "MODIFY",
      eventSource: "aws:dynamodb",
      dynamodb: { Keys: { pk: { S: key }, sk: { S: "-" } }, StreamViewType: "KEYS_ONLY" },
    })),
  };
}

/**
 * Sends all changes behind `cursor` to a function, in order, as a stream's event source mapping does: from the first that its answer names
 * on, they are sent again after a wait.
 * @returns the new cursor. @throws when `tries` of one batch are used up.
 */
export async function deliverChanges(
  feed: ChangeFeed,
  { name, handler }: { readonly name: string; readonly handler: StreamHandler },
  cursor: number,
  { tries, wait }: { tries: number; wait: (attempt: number) => Promise<void> },
): Promise<number> {
  const batchSize = streamBatchSize(name, "entities");
  let sent = cursor;
  for (let attempt = 1; ; ) {
    const changes = feed.after(sent, batchSize);
    if (changes.length === 0) return sent;
    const { batchItemFailures } = await handler(streamEvent(changes, "entities"), localContext);
    const failed = batchItemFailures[0]?.itemIdentifier;
    const last = (changes.at(-1) as StoredChange).sequence;
    const next = failed === undefined ? last : Number(failed) - 1;
    attempt = next > sent ? 1 : attempt + 1;
    sent = next;
    if (failed === undefined) continue;
    if (attempt > tries) throw new Error(`${name} could not send its outputs in ${tries} tries`);
    await wait(attempt);
  }
}

function streamRecord({ sequence, at, document }: StoredChange, table: string): DynamoDBRecord {
  return {
    eventID: String(sequence),
    eventName: document.version === 1 ? "INSERT" : "MODIFY",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "us-east-1",
    eventSourceARN: `arn:aws:dynamodb:us-east-1:000000000000:table/${table}/stream/local`,
    dynamodb: {
      ApproximateCreationDateTime: at / 1_000,
      Keys: { pk: { S: document.key }, sk: { S: "-" } },
      NewImage: image(document),
      SequenceNumber: String(sequence).padStart(21, "0"),
      SizeBytes: document.body.length,
      StreamViewType: "NEW_IMAGE",
    },
  };
}

function image({ key, version, body, outbox }: Document): Record<string, AttributeValue> {
  return {
    pk: { S: key },
    sk: { S: "-" },
    v: { N: String(version) },
    body: { S: body },
    ...(outbox !== undefined && { outbox: { S: outbox } }),
  };
}
