import { type Parsed, parseValue, utf8Text } from "../core/record.ts";
import { idHeader } from "../ports/producer.ts";
import type { StoredOutput } from "../ports/result-store.ts";
import type { MskEvent, MskRecord } from "./msk-event.ts";

/** A message of a topic that takes results, read back. */
export interface ResultMessage {
  readonly offset: number;
  /** As a dead letter keeps it: key and value as text, where they are; base64 where a value isn't UTF-8. */
  readonly message: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly key: string | null;
    readonly value: string | null;
    readonly valueEncoding?: "base64";
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
  const place = { topic, partition, offset, key: textOf(key) };
  const message = { ...place, ...payloadOf(value), ...(id !== undefined && { id }) };
  return { offset, message, result: readResult(id, value) };
}

function readResult(id: string | undefined, value: string | null | undefined): Parsed<StoredOutput> {
  if (value === null || value === undefined) return { kind: "ignored" };
  // A pipeline's name becomes part of the names of dead letters.
  const parts = /^([a-z][a-z0-9-]*):(.+):([1-9]\d{0,8})$/s.exec(id ?? "");
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

function payloadOf(base64: string | null | undefined): Pick<ResultMessage["message"], "value" | "valueEncoding"> {
  if (base64 === null || base64 === undefined) return { value: null };
  const text = utf8Text(Buffer.from(base64, "base64"));
  return text === undefined ? { value: base64, valueEncoding: "base64" } : { value: text };
}

function textOf(base64: string | null | undefined): string | null {
  return base64 === null || base64 === undefined ? null : Buffer.from(base64, "base64").toString();
}
