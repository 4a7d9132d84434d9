import { readFileSync, writeFileSync } from "node:fs";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";

const folder = "test/fixtures/debezium";

/** In the order in which they are run, one after the other. What becomes of them is recorded in `test/fixtures/debezium`. */
export const recordedStatements: readonly string[] = [
  "INSERT INTO content VALUES (2, 'article', NULL), (9007199254740993, 'Ünïcode \"quoted\" \\', 120)",
  "UPDATE content SET length_seconds = 301 WHERE content_id = 1",
  "DELETE FROM content WHERE content_id = 2",
  `INSERT INTO engagement_events (content_id, user_id, event_type, event_ts, duration_ms, device, raw_payload) VALUES
     (1, 'user_1', 'play', '2024-01-01T14:10:00.123456+02', 7000, 'tv', '{"scene": 3, "tags": ["a", "b"]}'),
     (9007199254740993, 'user_2', 'click', '2024-01-01T12:10:00Z', NULL, NULL, NULL),
     (3, 'user_3', 'play', '1999-12-31T23:59:59.999Z', 0, '', 'null')`,
  "UPDATE engagement_events SET device = 'phone' WHERE id = 2",
  "DELETE FROM engagement_events WHERE id = 3",
  "SELECT setval('engagement_events_id_seq', 9007199254740993)",
  `INSERT INTO engagement_events (content_id, user_id, event_type, event_ts)
     VALUES (1, 'user_1', 'finish', '2024-01-01T12:11:00Z')`,
];
/** The records that become of them: ten of changes, and a tombstone after each deletion. */
export const recordedCount = 12;

/** Compares with what was recorded, or records anew where TIDEMARK_RECORD is set. */
export function recorded(name: string, records: readonly RecordLine[]): readonly RecordLine[] {
  const file = `${folder}/${name}.json`;
  if (process.env.TIDEMARK_RECORD) writeFileSync(file, `${JSON.stringify(records, null, 2)}\n`);
  return JSON.parse(readFileSync(file, "utf8")) as RecordLine[];
}

/** Without what is of the moment and of the server: times of the capture, positions in the log, numbers of transactions. */
export function timeless(records: readonly RecordLine[]): RecordLine[] {
  const moments = /"(ts_ms|ts_us|ts_ns|txId|lsn)":\d+/g;
  const positions = /"sequence":"(\\.|[^"\\])*"/g;
  return records.map((record) => {
    const payload = record.payload?.replaceAll(moments, '"$1":0').replaceAll(positions, '"sequence":""') ?? null;
    return { ...record, ts: 0, payload };
  });
}
