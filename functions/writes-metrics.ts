import type { MiddlewareObj } from "@middy/core";
import type { EmfMeter } from "../shared/observability/emf-meter.ts";
import { metricsNamespace } from "../shared/ports/metrics.ts";

/** Writes what an invocation has counted when it ends, well or not. `namespace`: that of the variable METRICS_NAMESPACE, where there is one. */
export function writesMetrics(meter: Pick<EmfMeter, "flush">, namespace: string | undefined): MiddlewareObj {
  const write = () => meter.flush(namespace || metricsNamespace);
  return { after: write, onError: write };
}
