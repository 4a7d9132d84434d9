import type { Position } from "../core/position.ts";
import { bucketEnd } from "../core/time.ts";
import type { EventTimeMs } from "../core/units.ts";
import type { KeyedRecord } from "../pipelines/pipeline.ts";
import type { DueList } from "../ports/state-store.ts";
import type { KeyedEngine, SourcePartition } from "./engine.ts";
import type { Applicable } from "./judge.ts";
import { closingScope, laneOf } from "./keys.ts";

/** One due list per bucket that the batch may bring results into. The same batch always makes the same lists. */
export function dueLists<R extends KeyedRecord, S>(
  { pipeline }: KeyedEngine<R, S>,
  source: SourcePartition,
  first: Position,
  records: readonly Applicable<R>[],
): DueList[] {
  const keysByBucket = new Map<EventTimeMs, Set<string>>();
  for (const { parsed } of records) {
    const time = pipeline.resultTime(parsed);
    if (time === undefined) continue;
    const bucket = bucketEnd(time, pipeline.finalInterval);
    const keys = keysByBucket.get(bucket);
    if (keys) keys.add(parsed.key);
    else keysByBucket.set(bucket, new Set([parsed.key]));
  }
  const last = records.at(-1)?.position ?? first;
  const name = [laneOf(pipeline, source), first.epoch, first.offset, last.epoch, last.offset].join("-");
  const scope = closingScope(pipeline, source.partition);
  return [...keysByBucket].map(([bucket, keys]) => ({ scope, bucketEnd: bucket, name, keys: [...keys] }));
}
