import type { DynamoDBStreamEvent } from "aws-lambda";
import type { WallTimeMs } from "../core/units.ts";
import type { Document } from "../ports/state-store.ts";
import { attributes, type Item, readDocument } from "./items.ts";

export interface StreamChange {
  readonly sequence: string;
  readonly at: WallTimeMs;
  readonly document: Document;
}

/** The documents that a DynamoDB stream tells were written, in order. What was removed, by TTL or otherwise, and entries of lists are not among them. */
export function decodeStreamEvent(event: DynamoDBStreamEvent): StreamChange[] {
  if (!Array.isArray(event?.Records)) throw new TypeError("not an event of a DynamoDB stream: it has no Records");
  return event.Records.flatMap(({ eventName, dynamodb }) => {
    const image = dynamodb?.NewImage;
    if (eventName === "REMOVE" || !image?.[attributes.version]) return [];
    const at = (dynamodb?.ApproximateCreationDateTime ?? 0) * 1_000;
    return [{ sequence: dynamodb?.SequenceNumber ?? "", at, document: readDocument(image as Item) }];
  });
}
