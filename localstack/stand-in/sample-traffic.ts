import type { LogRecord } from "../../shared/core/record.ts";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { recordedTraffic } from "../generate/recorded-traffic.ts";
import { sampleData } from "../generate/sample-data.ts";
import type { RecordLine } from "../record-file/record-line.ts";

const minute = 60_000;

/** How much time the records are spread over: several buckets of event time end in it. */
const spanMs = 40 * minute;

/** As many looks at the topics, in each of which there is something. */
const polls = 6;

/**
 * Records of a pipeline as a poller could have read them in the last three quarters of an hour, poll by poll: what is stored of older ones
 * would expire at once. A few of them are late, sent twice or of no use.
 */
export function sampleTraffic(
  pipeline: PipelineName,
  { records, partitions, now }: { readonly records: number; readonly partitions: number; readonly now: number },
): RecordLine[][] {
  const traffic = recordedTraffic(sampleData[pipeline].plan, {
    ...{ records, partitions, seed: 1, users: 40 },
    start: now - spanMs - minute,
    ratePerSecond: (records * 1_000) / spanMs,
  });
  const all = [...traffic];
  const size = Math.ceil(records / polls);
  return Array.from({ length: polls }, (_, i) => {
    const polled = all.slice(i * size, (i + 1) * size);
    return [...Map.groupBy(polled, ({ topic }) => topic).values()].flat();
  });
}

const utf8 = new TextEncoder();

/** As it stands in the log. */
export function logRecord({ topic, partition, offset, ts, key, payload }: RecordLine): LogRecord {
  const bytes = (text: string | null) => (text === null ? null : utf8.encode(text));
  return { topic, partition, offset, timestamp: ts, key: bytes(key), value: bytes(payload) };
}
