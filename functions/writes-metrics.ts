import type { MiddlewareObj } from "@middy/core";
import type { EmfMeter } from "../shared/observability/emf-meter.ts";

/** Writes what an invocation has counted when it ends, well or not. */
export function writesMetrics(meter: Pick<EmfMeter, "flush">): MiddlewareObj {
  const write = () => meter.flush();
  return { after: write, onError: write };
}
