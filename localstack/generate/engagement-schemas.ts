import { contentTable } from "../../shared/pipelines/engagement/records.ts";
import type { PayloadFields } from "./faults.ts";

/** How a time column is written: as text with a zone, or as a count of milliseconds, microseconds or nanoseconds. */
export type TimeType = "ZonedTimestamp" | "Timestamp" | "MicroTimestamp" | "NanoTimestamp";

type Type = "string" | "int32" | "int64";

/** A change with the schema that Kafka Connect's JSON converter puts before it. */
export function withSchema(topic: string, change: PayloadFields, timeType: TimeType = "ZonedTimestamp"): PayloadFields {
  const columns = topic === contentTable ? contentColumns : eventColumns(timeType);
  const row = { type: "struct", fields: columns, optional: true, name: `${topic}.Value` };
  const fields = [
    { ...row, field: "before" },
    { ...row, field: "after" },
    source,
    transaction,
    required("string", "op"),
  ];
  const schema = {
    type: "struct",
    fields: [...fields, ...times("ts_ms", "ts_us", "ts_ns")],
    optional: false,
    name: `${topic}.Envelope`,
    version: 2,
  };
  return { schema, payload: change };
}

const contentColumns = [
  required("int64", "content_id"),
  required("string", "content_type"),
  optional("int32", "length_seconds"),
];

function eventColumns(timeType: TimeType): PayloadFields[] {
  const [type, none] =
    timeType === "ZonedTimestamp" ? (["string", "1970-01-01T00:00:00.000000Z"] as const) : (["int64", 0] as const);
  const time = { name: `io.debezium.time.${timeType}`, version: 1, default: none, field: "event_ts" };
  return [
    { type: "int64", optional: false, default: 0, field: "id" },
    required("int64", "content_id"),
    required("string", "user_id"),
    required("string", "event_type"),
    { type, optional: false, ...time },
    optional("int32", "duration_ms"),
    optional("string", "device"),
    { type: "string", optional: true, name: "io.debezium.data.Json", version: 1, field: "raw_payload" },
  ];
}

const snapshotKinds = "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental";
const source = {
  type: "struct",
  fields: [
    ...["version", "connector", "name"].map((name) => required("string", name)),
    required("int64", "ts_ms"),
    {
      ...{ type: "string", optional: true, name: "io.debezium.data.Enum", version: 1 },
      ...{ parameters: { allowed: snapshotKinds }, default: "false", field: "snapshot" },
    },
    required("string", "db"),
    optional("string", "sequence"),
    ...times("ts_us", "ts_ns"),
    ...["schema", "table"].map((name) => required("string", name)),
    ...["txId", "lsn", "xmin"].map((name) => optional("int64", name)),
    optional("string", "origin"),
    optional("int64", "origin_lsn"),
  ],
  optional: false,
  name: "io.debezium.connector.postgresql.Source",
  version: 1,
  field: "source",
};

const transaction = {
  type: "struct",
  fields: [required("string", "id"), required("int64", "total_order"), required("int64", "data_collection_order")],
  optional: true,
  name: "event.block",
  version: 1,
  field: "transaction",
};

function required(type: Type, field: string): PayloadFields {
  return { type, optional: false, field };
}

function optional(type: Type, field: string): PayloadFields {
  return { type, optional: true, field };
}

function times(...fields: readonly string[]): PayloadFields[] {
  return fields.map((field) => optional("int64", field));
}
