import { incomingEvents } from "../../shared/pipelines/dedupe/dedupe.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { recordSample, type SampleRecord, sampleTimeText } from "./sample-log.ts";

/** Twelve events in three partitions. Seven come out: ev_1 to ev_7, each as it came first. */
export const dedupeSample: readonly RecordLine[] = recordSample(incomingEvents, [
  event("12:00:01", "ev_1", "12:00:00", "first"),
  event("12:00:02", "ev_2", "12:00:01", "first"),
  event("12:00:03", "ev_3", "12:00:02", "first"),
  // Three duplicates: in the same partition, without its key in another one, and with another payload.
  event("12:00:04", "ev_1", "12:00:00", "first"),
  event("12:00:05", "ev_1", "12:00:00", "first", null),
  event("12:00:06", "ev_2", "12:00:01", "changed"),
  // One for each partition: from here on the watermark is 12:05:00.
  event("12:10:01", "ev_4", "12:10:00", "first"),
  event("12:10:02", "ev_5", "12:10:00", "first"),
  event("12:10:03", "ev_6", "12:10:00", "first"),
  // Exactly at the watermark, and so on time.
  event("12:10:04", "ev_7", "12:05:00", "first"),
  // Late.
  event("12:10:05", "ev_8", "12:04:59.999", "first"),
  // Behind the watermark too, but known, and so a duplicate.
  event("12:10:06", "ev_1", "12:00:00", "first"),
]);

function event(sent: string, id: string, happened: string, text: string, key: string | null = id): SampleRecord {
  return [sent, key, { eventId: id, eventTime: sampleTimeText(happened), payload: { text } }];
}
