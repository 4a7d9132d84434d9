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
  // A payload that isn't UTF-8 stands in the file as its bytes. Read byte by byte, they come through.
  const encoding = isUtf8(bytes) ? "utf8" : "latin1";
  const text = bytes.toString(encoding);
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
    key: keyOf(line.key, encoding, fail),
    value: valueOf(line.payload, text, encoding),
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

function keyOf(key: unknown, encoding: "utf8" | "latin1", fail: (what: string) => Error): Buffer | null {
  if (key === undefined || key === null) return null;
  if (typeof key === "string") return bytesOf(key, encoding);
  if (typeof key === "number") return Buffer.from(String(key));
  throw fail("key is neither text nor null");
}

function valueOf(payload: unknown, line: string, encoding: "utf8" | "latin1"): Buffer | null {
  if (payload === null) return null;
  if (typeof payload === "string") return bytesOf(payload, encoding);
  return bytesOf(JSON.stringify(exactly(line)), encoding);
}

/** The payload with its numbers as they are written: 0.10 and 2^53 + 1 don't survive a parse. */
function exactly(line: string): unknown {
  const parsed = JSON.parse(line, ((_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && context?.source !== undefined ? rawJson(context.source) : value) as (
    key: string,
    value: unknown,
  ) => unknown) as { payload: unknown };
  return parsed.payload;
}

/** In Node 22 and newer; TypeScript's libraries don't know it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** In a line read byte by byte a unit up to 255 is a byte; only a \\u escape makes a greater one. */
function bytesOf(text: string, encoding: "utf8" | "latin1"): Buffer {
  if (encoding === "utf8") return Buffer.from(text);
  return Buffer.concat(Array.from(text, (unit) => (unit <= "\u00ff" ? Buffer.from(unit, "latin1") : Buffer.from(unit))));
}
