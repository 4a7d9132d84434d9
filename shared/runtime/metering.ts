import { rejectionReasons } from "../core/record.ts";
import type { Watermark } from "../core/watermark.ts";
import type { Meter } from "../ports/meter.ts";
import { type Counts, recordsRead } from "./counts.ts";
import type { Engine, SourcePartition } from "./engine.ts";

/** Meters a batch of a partition whose progress is stored. */
export function meterBatch(engine: Engine, source: SourcePartition, counts: Counts, watermark: Watermark): void {
  const { meter, pipeline, clock } = engine;
  const dimensions = { pipeline: pipeline.name };
  meter.count("records_read_total", recordsRead(counts), dimensions);
  meter.count("records_accepted_total", counts.accepted, dimensions);
  meter.count("records_duplicate_total", counts.duplicate, dimensions);
  meter.count("records_ignored_total", counts.ignored, dimensions);
  for (const reason of rejectionReasons) {
    meter.count(`records_${reason}_total`, counts.rejected[reason], dimensions);
  }
  // A table's changes move no watermark, and a backfill is as far behind as it is asked to be.
  if (watermark === undefined || !pipeline.sources.includes(source.topic)) return;
  meter.raise("watermark_lag_ms", clock.now() - watermark, dimensions);
}

/** Counts a conditional write that another invocation was quicker with. */
export function countConflict({ meter, pipeline }: Pick<Engine, "meter" | "pipeline">): void {
  meter.count("write_conflicts_total", 1, { pipeline: pipeline.name });
}

/** Counts a result that was put aside. */
export function countDeadLetter(meter: Meter, pipeline: string, sink: string): void {
  meter.count("dead_letters_total", 1, { pipeline, sink });
}
