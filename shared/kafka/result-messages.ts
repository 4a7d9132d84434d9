import { type Parsed, parseValue } from "../core/record.ts";
import { idHeader } from "../ports/producer.ts";
import type { StoredOutput } from "../ports/result-store.ts";
import type { MskEvent, MskRecord } from "./msk-event.ts";

/** A message of a topic that takes results, read back. */
export interface ResultMessage {
  readonly offset: number;
  /** As a dead letter keeps it: key and value as text, where they are. */
  readonly message: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly key: string | null;
    readonly value: string | null;
    readonly id?: string;
  };
  readonly result: Parsed<StoredOutput>;
}

/** The messages of each partition of an event, in the order of the log. @throws {TypeError} it is no MSK event. */
export function decodeResultEvent(
  event: MskEvent,
): { topic: string; partition: number; records: readonly ResultMessage[] }[] {
  if (typeof event?.records !== "object" || event.records === null) {
    throw new TypeError("not an event of an MSK event source mapping: it has no records");
  }
  return Object.values(event.records).flatMap((records) => {
    const first = records[0];
    return first ? [{ topic: first.topic, partition: first.partition, records: records.map(readMessage) }] : [];
  });
}

function readMessage(record: MskRecord): ResultMessage {
  const { topic, partition, offset, key, value } = record;
  const id = headerText(record, idHeader);
  const message = { topic, partition, offset, key: textOf(key), value: textOf(value), ...(id !== undefined && { id }) };
  return { offset, message, result: readResult(id, value) };
}

function readResult(id: string | undefined, value: string | null | undefined): Parsed<StoredOutput> {
  if (value === null || value === undefined) return { kind: "ignored" };
  const parts = /^([^:]+):(.+):([1-9]\d{0,8})$/s.exec(id ?? "");
  const [, pipeline, entity, revision] = parts ?? [];
  if (id === undefined || !pipeline || !entity) {
    return { kind: "rejected", reason: "malformed", message: `its header ${idHeader} names no result` };
  }
  return parseValue(Buffer.from(value, "base64"), ({ fields }) => {
    return { id, pipeline, entity, revision: Number(revision), body: fields as StoredOutput["body"] };
  });
}

function headerText({ headers = [] }: MskRecord, name: string): string | undefined {
  const bytes = headers.find((header) => Object.hasOwn(header, name))?.[name];
  return bytes && Buffer.from(Uint8Array.from(bytes)).toString();
}

function textOf(base64: string | null | undefined): string | null {
  return base64 === null || base64 === undefined ? null : Buffer.from(base64, "base64").toString();
}
