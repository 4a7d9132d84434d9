import { contentTable, engagementEvents } from "../../shared/pipelines/engagement/records.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import {
  type Change,
  changeFields,
  changeKey,
  contentRow,
  deletedContentRow,
  deletedEventRow,
  eventRow,
  zonedTimestamp,
} from "./engagement-changes.ts";
import { RecordedLog } from "./recorded-log.ts";
import { sampleTime } from "./sample-log.ts";

/** A change of a content, or of one of its events; null is the tombstone that Debezium puts behind a deletion. */
type SampleChange = readonly [sent: string, topic: string, contentId: number, change: RowChange | null];
type RowChange = Pick<Change, "op" | "before" | "after" | "snapshot">;

const partitions = 3;

/**
 * Three contents and one that comes later, and what nine people do with them. 19 events come out. Event 8 comes out twice, as its content
 * is told after it. Event 16 is 7 seconds of content 1, which has 300: 0.02 of it.
 */
export const engagementSample: readonly RecordLine[] = recordChanges([
  content("12:00:00", 1, "video", 300, { op: "r", snapshot: "first" }),
  content("12:00:00", 2, "video", 120, { op: "r", snapshot: "true" }),
  content("12:00:00", 3, "article", null, { op: "r", snapshot: "last_in_data_collection" }),
  // Ignored: the row was there before Debezium was.
  event("12:00:00", 1, 1, "u_1 play", "11:59:30", null, { op: "r", snapshot: "last" }),
  event("12:01:01", 2, 1, "u_1 play", "12:01:00", null),
  event("12:02:01", 3, 1, "u_1 pause", "12:02:00", 60_000),
  event("12:02:31", 4, 3, "u_2 click", "12:02:30", null),
  event("12:03:01", 5, 2, "u_2 play", "12:03:00", null),
  event("12:04:01", 6, 2, "u_2 finish", "12:04:00", 120_000),
  // An article has no length.
  event("12:04:31", 7, 3, "u_3 finish", "12:04:30", 45_000),
  // One whose content comes later, and one whose content never does.
  event("12:05:01", 8, 4, "u_4 play", "12:05:00", 90_000),
  event("12:05:31", 9, 9, "u_4 click", "12:05:30", null),
  // A duplicate.
  event("12:06:01", 6, 2, "u_2 finish", "12:04:00", 120_000),
  content("12:06:31", 4, "podcast", 1_800),
  event("12:07:01", 10, 4, "u_4 pause", "12:07:00", 450_000),
  // Ignored: what becomes of a row later on.
  event("12:07:31", 5, 2, "u_2 play", "12:03:00", 30_000, { op: "u" }),
  ["12:08:01", engagementEvents, 0, { op: "d", before: deletedEventRow("7") }],
  ["12:08:01", engagementEvents, 0, null],
  // Malformed: Postgres knows this time, a clock doesn't.
  event("12:08:31", 11, 1, "u_5 play", "infinity", null),
  // 0.025 of its content, which becomes 0.03.
  event("12:09:01", 12, 1, "u_5 pause", "12:09:00", 7_500),
  // Out of order, and on time.
  event("12:09:31", 14, 2, "u_6 pause", "12:09:30", 61_000),
  event("12:09:32", 13, 2, "u_6 play", "12:09:00", 0),
  event("12:09:41", 15, 1, "u_6 click", "12:09:40", null),
  event("12:10:01", 16, 1, "u_7 play", "12:10:00", 7_000),
  // What was enriched before stays as it is.
  content("12:11:01", 1, "video", 280, { op: "u" }),
  event("12:12:01", 17, 1, "u_7 finish", "12:12:00", 280_000),
  // From here on the watermark of content 1's partition is 12:15:00.
  event("12:20:01", 18, 1, "u_8 play", "12:20:00", 1_000),
  // Late by a millisecond, and counted: it has nothing to wait for. The next one is on time.
  event("12:20:02", 19, 1, "u_9 play", "12:14:59.999", 2_800),
  event("12:20:03", 20, 1, "u_9 pause", "12:15:00", 5_600),
  // It is gone, and unknown from here on.
  ["12:20:11", contentTable, 3, { op: "d", before: deletedContentRow("3") }],
  ["12:20:11", contentTable, 3, null],
  event("12:20:31", 21, 3, "u_9 click", "12:20:30", null),
]);

function content(
  sent: string,
  id: number,
  type: string,
  length: number | null,
  change: RowChange = { op: "c" },
): SampleChange {
  return [sent, contentTable, id, { ...change, after: contentRow({ contentId: String(id), type, length }) }];
}

function event(
  sent: string,
  id: number,
  contentId: number,
  userAndType: string,
  happened: string,
  duration: number | null,
  change: RowChange = { op: "c" },
): SampleChange {
  const [user, type = ""] = userAndType.split(" ");
  const time = happened === "infinity" ? happened : zonedTimestamp(sampleTime(happened), 0);
  const details = { device: "ios", rawPayload: type === "click" ? '{"button": "share"}' : null };
  const row = eventRow({ id: String(id), contentId: String(contentId), user, type, time, duration, ...details });
  return [sent, engagementEvents, contentId, { ...change, after: row }];
}

function recordChanges(changes: readonly SampleChange[]): RecordLine[] {
  const log = new RecordedLog({ partitions });
  return changes.map(([sent, topic, contentId, change], at) => {
    const ts = sampleTime(sent);
    const fields =
      change && changeFields({ ...change, topic, committed: ts - 150, processed: ts - 10, number: at + 1 });
    return log.append(topic, ts, changeKey(String(contentId)), fields && JSON.stringify(fields));
  });
}
