import { simulatedAttribution } from "./attribution.ts";
import { simulatedConversions } from "./conversions.ts";
import { simulatedDedupe } from "./dedupe.ts";
import { simulatedEngagement } from "./engagement.ts";
import { simulatedPurchases } from "./purchases.ts";
import type { SimulatedPipeline } from "./simulated-pipeline.ts";
import { simulatedWindows } from "./windows.ts";

/** Each knows its own settings only; who runs one gives it those. */
export const simulatedPipelines = [
  ...[simulatedAttribution, simulatedConversions, simulatedDedupe],
  ...[simulatedEngagement, simulatedPurchases, simulatedWindows],
] as readonly unknown[] as readonly SimulatedPipeline[];
