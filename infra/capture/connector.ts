import { contentTable, engagementEvents } from "../../shared/pipelines/engagement/records.ts";

/** A value that the worker looks up when the connector starts: `${provider:path:key}`. */
export type Lookup = `\${${string}}`;

export interface CaptureSettings {
  readonly database: {
    readonly host: string;
    readonly port: string;
    readonly name: string;
    readonly user: string;
    /** Only ever looked up: what stands in a configuration, Kafka Connect stores, shows and logs. */
    readonly password: Lookup;
    /** `require`, `verify-ca` or `verify-full`; `prefer` and `disable` are for a database on the same machine. */
    readonly sslMode: string;
  };
  /**
   * Whether the first snapshot reads the events that are there already, beside all contents. The pipeline takes them only where its own
   * setting of this name is on.
   */
  readonly includeSnapshot: boolean;
}

/** What `publication.sql` makes. */
export const publicationName = "tidemark";
/** In the database: how far the capture has got. It keeps the log of the database from there on. */
export const slotName = "tidemark";

const topicPrefix = contentTable.slice(0, contentTable.indexOf("."));
const tableOf = (topic: string) => topic.slice(topicPrefix.length + 1);

/**
 * The topics of changes. They need the same number of partitions. Only that of contents may be compacted. A snapshot reads the tables in
 * this order, contents first, as events are enriched by them.
 */
export const changeTopics: readonly string[] = [contentTable, engagementEvents];
/** Takes a record every ten seconds; one partition is enough. Without it the capture stands still. */
export const heartbeatTopic = `__debezium-heartbeat.${topicPrefix}`;

/**
 * The configuration of Debezium's connector for PostgreSQL (3.x), the same for MSK Connect and for a Kafka Connect of one's own.
 * @see docs/guide/capture.md, which gives the reasons that are longer than a line
 */
export function connectorConfig(settings: CaptureSettings): Record<string, string> {
  return { ...source(settings), ...changes, ...converters, ...positions, ...failures };
}

function source({ database, includeSnapshot }: CaptureSettings): Record<string, string> {
  const tables = changeTopics.map(tableOf).join(",");
  return {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    // A replication slot has one reader.
    "tasks.max": "1",
    "database.hostname": database.host,
    "database.port": database.port,
    "database.dbname": database.name,
    "database.user": database.user,
    "database.password": database.password,
    "database.sslmode": database.sslMode,
    "topic.prefix": topicPrefix,
    "table.include.list": tables,
    "snapshot.mode": "initial",
    "snapshot.include.collection.list": includeSnapshot ? tables : tableOf(contentTable),
  };
}

const changes = {
  // Both topics have the same keys, so that an event and its content are in partitions of the same number.
  "message.key.columns": `${tableOf(engagementEvents)}:content_id`,
  // Nothing reads it, and one that is larger than a message may be would stop the capture.
  "column.exclude.list": `${tableOf(engagementEvents)}.raw_payload`,
  // A compacted topic forgets a deleted content only by them. The pipeline ignores them.
  "tombstones.on.delete": "true",
  "decimal.handling.mode": "string",
  "provide.transaction.metadata": "false",
};

const converters = {
  "key.converter": "org.apache.kafka.connect.json.JsonConverter",
  "key.converter.schemas.enable": "false",
  "value.converter": "org.apache.kafka.connect.json.JsonConverter",
  "value.converter.schemas.enable": "false",
};

const positions = {
  "plugin.name": "pgoutput",
  "publication.name": publicationName,
  "publication.autocreate.mode": "disabled",
  "slot.name": slotName,
  // From PostgreSQL 17 on a standby has the slot too; before that it means nothing.
  "slot.failover": "true",
  // While both tables are quiet and others are not, only this lets the database throw away its log.
  "heartbeat.interval.ms": "10000",
  "heartbeat.action.query": "SELECT pg_logical_emit_message(false, 'tidemark', '')",
  // No messages of the log become records: their topic doesn't exist.
  "message.prefix.exclude.list": ".*",
  "poll.interval.ms": "100",
};

const failures = {
  // A change that can't be sent stops the capture: left out, it would be lost.
  "errors.tolerance": "none",
  "errors.log.enable": "true",
  "errors.log.include.messages": "false",
  // A password is looked up again when the connector starts again, not by a timer that restarts it.
  "config.action.reload": "none",
};
