import { unsafeSources } from "../../core/json-text.ts";
import {
  isObject,
  type JsonFields,
  missing,
  nestingMax,
  own,
  readObject,
  readText,
  UnusableValue,
} from "../../core/record.ts";

/** What happened to a row of a table, as Debezium tells it. */
export interface Change {
  /** `c` created, `u` updated, `d` deleted, `r` read by a snapshot; `t` and `m`, truncations and messages, are about no row. */
  readonly op: string;
  /** The row as it was or is; null where the change doesn't hold it. @throws {UnusableValue} it is no object. */
  row(side: "before" | "after"): ChangedRow | null;
}

export interface ChangedRow extends Pick<JsonFields, "fields"> {
  /** The text of a number that is no safe integer. */
  sourceOf(column: string): string | undefined;
  /** The name that the change's schema gives to a column's type, where there is a schema, and it has one. */
  typeOf(column: string): string | undefined;
}

/** `{"schema":...,"payload":...}`, what Kafka Connect's JSON converter makes of a value, save where `schemas.enable` is off. */
interface Wrapper {
  readonly schema: unknown;
  /** The text before the payload. */
  readonly head: string;
}

/**
 * A reader of one topic's values, with a schema or without: what they hold, or `undefined` where a schema has a null payload, as a
 * tombstone may be written.
 *
 * A schema is several times longer than its payload, and the same in each value until the table changes. So the last one is kept, and its
 * text taken as read where a value begins with it.
 *
 * @returns a function that throws {UnusableValue} where a value is no change.
 */
export function changeReader(): (value: Uint8Array) => Change | undefined {
  let last: Wrapper | undefined;
  return (value) => {
    const text = readText(value);
    const payload = last && payloadBehind(last.head, text);
    if (last && payload) return changeIn(payload.fields, last.schema, payload.text, []);
    const fields = readObject(text, nestingMax);
    if (!Object.hasOwn(fields, "schema") || !Object.hasOwn(fields, "payload")) {
      return changeIn(fields, undefined, text, []);
    }
    const { schema } = fields;
    // Spelt as Debezium spells it; where a value spells it otherwise, it is read as a whole.
    last = { schema, head: `{"schema":${JSON.stringify(schema)},"payload":` };
    if (fields.payload === null) return undefined;
    if (!isObject(fields.payload)) throw new UnusableValue("malformed", "payload is not a JSON object");
    return changeIn(fields.payload, schema, text, ["payload"]);
  };
}

/**
 * The payload of a value that begins with `head`, a whole schema. If what follows, but for the last brace, is an object by itself, the
 * value holds these two and nothing else. If not, the value has to be read as a whole to tell what it is.
 */
function payloadBehind(head: string, text: string): JsonFields | undefined {
  if (!text.startsWith(head) || !text.endsWith("}")) return undefined;
  const payload = text.slice(head.length, -1);
  try {
    return { fields: readObject(payload, nestingMax - 1), text: payload };
  } catch {
    return undefined;
  }
}

/** @param path where in the text the change stands. */
function changeIn(fields: JsonFields["fields"], schema: unknown, text: string, path: readonly string[]): Change {
  const op = own(fields, "op") ?? missing("op (of a whole change event, as Debezium writes it)");
  if (typeof op !== "string") throw new UnusableValue("malformed", "op is not text");
  return {
    op,
    row(side) {
      const row = own(fields, side) ?? null;
      if (row === null) return null;
      if (!isObject(row)) throw new UnusableValue("malformed", `${side} is not a JSON object`);
      return changedRow(row, schema, text, [...path, side]);
    },
  };
}

function changedRow(fields: JsonFields["fields"], schema: unknown, text: string, path: readonly string[]): ChangedRow {
  let sources: ReadonlyMap<string, string> | undefined;
  return {
    fields,
    sourceOf(column) {
      sources ??= unsafeSources(text, path);
      return sources.get(column);
    },
    typeOf(column) {
      // Both sides have one type, and every schema has both.
      const type = fieldOf(fieldOf(schema, "after"), column)?.name;
      return typeof type === "string" ? type : undefined;
    },
  };
}

/** The schema of a field of a struct. */
function fieldOf(struct: unknown, name: string): JsonFields["fields"] | undefined {
  const fields: unknown = isObject(struct) ? own(struct, "fields") : undefined;
  if (!Array.isArray(fields)) return undefined;
  return fields.find((field: unknown) => isObject(field) && own(field, "field") === name);
}
