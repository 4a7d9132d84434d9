import { isUtf8 } from "node:buffer";
import type { FileLine } from "./line-reader.ts";

/** A line of a record file as it stands there; what is missing is for its reader to fill in. */
export interface FileRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly ts?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** A line that is no record. Its message names the line and what is wrong with it. */
export class RecordLineError extends Error {
  override readonly name = "RecordLineError";
}

/**
 * Reads a line in the form that `kcat -J` prints.
 * @returns `undefined` for an empty line.
 * @throws {RecordLineError} the line is no record.
 */
export function parseRecordLine({ number, bytes }: Pick<FileLine, "number" | "bytes">): FileRecord | undefined {
  if (bytes.length === 0 || bytes.toString("latin1").trim() === "") return undefined;
  const fail = (what: string) => new RecordLineError(`line ${number} is no record: ${what}`);
  const text = isUtf8(bytes) ? bytes.toString() : bytewise(bytes);
  const line = parseObject(text, fail);
  const { topic } = line;
  if (typeof topic !== "string" || topic === "") throw fail("topic is missing");
  if (!("payload" in line)) throw fail("payload is missing (null is a tombstone)");
  const partition = wholeNumber(line.partition, "partition", fail);
  const offset = wholeNumber(line.offset, "offset", fail);
  const ts = wholeNumber(line.ts, "ts", fail);
  return {
    topic,
    ...(partition !== undefined && { partition }),
    ...(offset !== undefined && { offset }),
    ...(ts !== undefined && { ts }),
    key: keyBytes(line.key, text, fail),
    value: payloadBytes(line.payload, text),
  };
}

function parseObject(text: string, fail: (what: string) => Error): Record<string, unknown> {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    throw fail("it is not JSON");
  }
  if (typeof line !== "object" || line === null || Array.isArray(line)) throw fail("it is not a JSON object");
  return line as Record<string, unknown>;
}

function wholeNumber(value: unknown, name: string, fail: (what: string) => Error): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw fail(`${name} is not a whole number`);
}

function keyBytes(key: unknown, line: string, fail: (what: string) => Error): Buffer | null {
  if (key === undefined || key === null) return null;
  if (typeof key === "string") return bytesOf(key);
  if (typeof key === "number") return bytesOf(JSON.stringify(exactly(line).key));
  throw fail("key is neither text nor null");
}

function payloadBytes(payload: unknown, line: string): Buffer | null {
  if (payload === null) return null;
  return bytesOf(typeof payload === "string" ? payload : JSON.stringify(exactly(line).payload));
}

/** The line with its numbers as they are written: 0.10 and 2^53 + 1 don't survive a parse. */
function exactly(line: string): { readonly key: unknown; readonly payload: unknown } {
  return JSON.parse(line, ((_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && context?.source !== undefined ? rawJson(context.source) : value) as (
    key: string,
    value: unknown,
  ) => unknown);
}

/** In Node 22 and newer; TypeScript's libraries don't know it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/**
 * A payload that isn't UTF-8 stands in the file as its bytes. Each byte beyond ASCII becomes a unit of its own, of a range for private use,
 * which JSON leaves alone, and which no letter that is escaped can be mistaken for.
 */
function bytewise(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/[\x80-\xff]/g, (unit) => String.fromCharCode(firstByteUnit + unit.charCodeAt(0)));
}
const firstByteUnit = 0xf700;
const byteUnits = /[\uf780-\uf7ff]/;

function bytesOf(text: string): Buffer {
  if (!byteUnits.test(text)) return Buffer.from(text);
  return Buffer.concat(
    Array.from(text, (letter) =>
      byteUnits.test(letter) ? Buffer.of(letter.charCodeAt(0) - firstByteUnit) : Buffer.from(letter),
    ),
  );
}
