import { incomingEvents } from "../../shared/pipelines/windows/records.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { recordSample, type SampleRecord, sampleTimeText } from "./sample-log.ts";

/**
 * Twelve events of three users in three partitions. Four windows come out:
 *
 * | user | window | events | total | least | greatest |
 * | user_1 | 12:00 to 12:05 | 3 | 1.80 | 0.1 | 1.50 |
 * | user_1 | 12:05 to 12:10 | 2 | 7.25 | 2.25 | 5 |
 * | user_2 | 12:00 to 12:05 | 2 | 100.00 | 0 | 100.00 |
 * | user_3 | 12:15 to 12:20 | 3 | 3 | 1 | 1 |
 */
export const windowsSample: readonly RecordLine[] = recordSample(incomingEvents, [
  // The first and the last millisecond of a window, and the first of the next.
  event("12:00:01", "evt_1", "user_1", "12:00:00", 0.1),
  event("12:05:01", "evt_2", "user_1", "12:04:59.999", "0.2"),
  event("12:05:02", "evt_3", "user_1", "12:05:00", 5),
  // No amount counts as 0.
  event("12:05:03", "evt_4", "user_2", "12:01:00", null),
  // A duplicate.
  event("12:05:04", "evt_4", "user_2", "12:01:00", null),
  // Out of order, and on time.
  event("12:05:05", "evt_5", "user_1", "12:02:00", "1.50"),
  event("12:05:06", "evt_6", "user_2", "12:04:00", "100.00"),
  // One for each partition: from here on the watermark is 12:05:00, and the windows that end there are final.
  event("12:15:01", "evt_7", "user_3", "12:15:00", 1),
  event("12:15:02", "evt_8", "user_3", "12:15:00", 1),
  event("12:15:03", "evt_9", "user_3", "12:15:00", 1),
  // Late: its window is final.
  event("12:15:04", "evt_10", "user_1", "12:04:59.999", 1_000),
  // On time: its window ends at 12:10.
  event("12:15:05", "evt_11", "user_1", "12:09:59.999", 2.25),
]);

function event(sent: string, id: string, user: string, happened: string, amount: number | string | null): SampleRecord {
  const what = { amount, eventType: "purchase", eventTime: sampleTimeText(happened) };
  return [sent, id, { eventId: id, userId: user, ...what }];
}
