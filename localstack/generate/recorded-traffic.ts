import type { RecordLine } from "../record-file/record-line.ts";
import { Traffic, type TrafficOptions } from "./traffic.ts";
import type { Subject, TrafficPlan } from "./traffic-plan.ts";

/** What a consumer takes at once at most, whatever the rate: what is held in memory. */
const pollRecordsMax = 100_000;

/** Recorded input for a pipeline, as a consumer writes it down that asks now and then for what has come. */
export function* recordedTraffic<S extends Subject>(
  plan: TrafficPlan<S>,
  options: TrafficOptions & { readonly records: number },
): Generator<RecordLine> {
  const traffic = new Traffic(plan, options);
  let polled: RecordLine[] = [];
  for (let i = 0; i < options.records; i++) {
    const record = traffic.record(options.start + Math.floor((i * 1_000) / options.ratePerSecond));
    const [first] = polled;
    if (first && (record.ts - first.ts >= plan.pollInterval || polled.length === pollRecordsMax)) {
      yield* asPolled(plan, polled);
      polled = [];
    }
    polled.push(record);
  }
  yield* asPolled(plan, polled);
}

/** In order within each partition: sorting keeps it. */
function asPolled({ topics, polled }: TrafficPlan, records: readonly RecordLine[]): RecordLine[] {
  const ofTopics = topics.map((topic) =>
    topics.length === 1 ? [...records] : records.filter((record) => record.topic === topic),
  );
  if (polled === "by partition") for (const ofTopic of ofTopics) ofTopic.sort((a, b) => a.partition - b.partition);
  return ofTopics.flat();
}
