import type { PipelineName } from "../../shared/settings/settings.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { attributionPlan } from "./attribution-traffic.ts";
import { conversionsSample } from "./conversions-sample.ts";
import { conversionsPlan } from "./conversions-traffic.ts";
import { dedupeSample } from "./dedupe-sample.ts";
import { engagementSample } from "./engagement-sample.ts";
import { engagementPlan } from "./engagement-traffic.ts";
import { dedupePlan, windowsPlan } from "./incoming-events-traffic.ts";
import { purchasesSample } from "./purchases-sample.ts";
import { purchasesPlan } from "./purchases-traffic.ts";
import { sampleRecords } from "./sample.ts";
import type { TrafficPlan } from "./traffic-plan.ts";
import { windowsSample } from "./windows-sample.ts";

export interface SampleData {
  /** What `recordedTraffic` and `liveTraffic` make any number of records by. */
  readonly plan: TrafficPlan;
  /** A dozen records, or some more, that show what the pipeline does. */
  readonly sample: readonly RecordLine[];
}

/** The sample data of each pipeline. */
export const sampleData: Readonly<Record<PipelineName, SampleData>> = {
  attribution: { plan: attributionPlan, sample: sampleRecords },
  conversions: { plan: conversionsPlan, sample: conversionsSample },
  dedupe: { plan: dedupePlan, sample: dedupeSample },
  windows: { plan: windowsPlan, sample: windowsSample },
  engagement: { plan: engagementPlan, sample: engagementSample },
  purchases: { plan: purchasesPlan, sample: purchasesSample },
};
