import type { RecordLine } from "../record-file/record-line.ts";
import { RecordedLog } from "./recorded-log.ts";

/** A record of a sample: when it is sent, as in `sampleTime`, its key (null: none, and so another partition), and its fields. */
export type SampleRecord = readonly [sent: string, key: string | null, fields: Readonly<Record<string, unknown>>];

const partitions = 3;

/** Records of one topic, in the order in which they are read. */
export function recordSample(topic: string, records: readonly SampleRecord[]): RecordLine[] {
  const log = new RecordedLog({ partitions });
  return records.map(([sent, key, fields]) => log.append(topic, sampleTime(sent), key, JSON.stringify(fields)));
}

/** `12:05:00.500` on the first of January 2024, UTC; `2T12:05:00` a day later. */
export function sampleTime(text: string): number {
  const [, day = "1", time] = /^(?:(\d)T)?(.*)$/.exec(text) ?? [];
  return Date.parse(`2024-01-0${day}T${time}Z`);
}

/** The same, as it stands in records. */
export function sampleTimeText(text: string): string {
  return new Date(sampleTime(text)).toISOString().replace(".000Z", "Z");
}
