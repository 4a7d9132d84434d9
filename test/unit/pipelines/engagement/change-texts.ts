/** Changes as Debezium's connector for Postgres writes them, from the JSON texts of their parts: numbers stay as they are written here. */

export const bytes = (text: string) => new TextEncoder().encode(text);

export interface ChangeTexts {
  readonly op?: string;
  readonly before?: string;
  readonly after?: string;
}

/** An envelope without a schema, `schemas.enable` being off. */
export function changeText({ op = '"c"', before = "null", after = "null" }: ChangeTexts): string {
  const source =
    '{"version":"3.6.1.Final","connector":"postgresql","name":"dbserver1","ts_ms":1704111000123,"snapshot":"false","db":"shop",' +
    '"sequence":"[\\"23456780\\",\\"23456792\\"]","ts_us":1704111000123456,"ts_ns":1704111000123456789,"schema":"public",' +
    '"table":"engagement_events","txId":558,"lsn":23456792,"xmin":null}';
  const times = '"ts_ms":1704111000500,"ts_us":1704111000500123,"ts_ns":1704111000500123457';
  return `{"before":${before},"after":${after},"source":${source},"transaction":null,"op":${op},${times}}`;
}

/** The schema in front of an envelope; `types` are the names of the types of those columns that have one. */
export function schemaText(types: Readonly<Record<string, string>> = {}): string {
  const columns = ["id", "content_id", "user_id", "event_type", "event_ts", "duration_ms", "device", "length_seconds"];
  const fields = columns.map((field) => {
    const name = types[field];
    return name === undefined
      ? { type: "int64", optional: true, field }
      : { type: "int64", optional: false, name, version: 1, field };
  });
  const rows = ["before", "after"].map((field) => ({
    type: "struct",
    fields,
    optional: true,
    name: "dbserver1.public.t.Value",
    field,
  }));
  const rest = ["op", "ts_ms", "ts_us", "ts_ns"].map((field) => ({ type: "string", optional: true, field }));
  return JSON.stringify({
    type: "struct",
    fields: [...rows, ...rest],
    optional: false,
    name: "dbserver1.public.t.Envelope",
  });
}

export function wrappedText(payload: string, schema: string = schemaText()): string {
  return `{"schema":${schema},"payload":${payload}}`;
}

/** A row as JSON text: a column with `undefined` is left out. */
export function rowText(columns: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(columns).filter(([, value]) => value !== undefined);
  return `{${entries.map(([name, value]) => `"${name}":${value}`).join(",")}}`;
}

/** What was made of a value, without what every answer has: the record, `ignored`, or `reason: message`. */
export function verdictOf<R>(
  parsed:
    | { readonly kind: "record"; readonly record: R }
    | { readonly kind: "ignored" }
    | { readonly kind: "rejected"; readonly reason: string; readonly message: string },
): R | string {
  if (parsed.kind === "record") return parsed.record;
  return parsed.kind === "ignored" ? "ignored" : `${parsed.reason}: ${parsed.message}`;
}
