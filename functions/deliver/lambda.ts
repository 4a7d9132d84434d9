import { meter } from "../aws.ts";
import { writesMetrics } from "../writes-metrics.ts";
import { createHandler } from "./handler.ts";
import { wire } from "./wiring.ts";

/** What Lambda loads. A wrong environment fails here, at cold start, before any record is taken. */
export const handler = createHandler(await wire(process.env)).use(writesMetrics(meter, process.env.METRICS_NAMESPACE));
