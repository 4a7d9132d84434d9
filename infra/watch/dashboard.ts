import { Dashboard, GraphWidget, type IMetric, type IWidget, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { type DeployedFunction, deployedFunctions, triggersOf } from "../pipelines/deployed-functions.ts";
import { deployedPipelines, type Watched } from "./alarms.ts";
import { lambdaMetric, ownMetric, period } from "./signals.ts";

/** A dashboard for each pipeline: is it keeping up, what became of its records, what does it cost, what doesn't arrive. */
export function addDashboards(scope: Construct, watched: Watched): void {
  const { system } = watched;
  for (const pipeline of deployedPipelines(system)) {
    const rows = deployedFunctions(system).filter(({ pipelines }) => pipelines.includes(pipeline));
    new Dashboard(scope, `Dashboard-${pipeline}`, {
      dashboardName: `${system.name}-${pipeline}`,
      widgets: [keepingUp(watched, pipeline, rows), records(watched, pipeline), sending(watched, pipeline, rows)],
    });
  }
}

function keepingUp({ system }: Watched, pipeline: PipelineName, rows: readonly DeployedFunction[]): IWidget[] {
  const consumers = rows.filter((row) => triggersOf(row, "msk").length > 0);
  const of = (name: Parameters<typeof lambdaMetric>[1]) =>
    consumers.map((row) => lambdaMetric(`${system.name}-${row.name}`, name).with({ label: row.name }));
  return [
    graph("Watermark lag (ms)", [ownMetric(system.name, "watermark_lag_ms", { pipeline })]),
    graph("Records that wait", of("OffsetLag")),
    graph("Errors and throttles", [...of("Errors"), ...of("Throttles")]),
    graph("Duration, p99 (ms)", of("Duration")),
  ];
}

function records({ system }: Watched, pipeline: PipelineName): IWidget[] {
  const own = (name: Parameters<typeof ownMetric>[1]) => ownMetric(system.name, name, { pipeline } as never);
  const perRecord = (kind: "write" | "read") =>
    new MathExpression({
      expression: `${kind} / records`,
      usingMetrics: { [kind]: own(`${kind}_units_total`), records: own("records_read_total") },
      ...{ label: `${kind} units per record`, period },
    });
  return [
    graph("Records taken", [
      own("records_accepted_total"),
      own("records_duplicate_total"),
      own("records_ignored_total"),
    ]),
    graph("Records rejected", [
      ...[own("records_late_total"), own("records_malformed_total")],
      ...[own("records_future_total"), own("records_oversized_total")],
    ]),
    graph("Units per record", [perRecord("write"), perRecord("read")]),
    graph("Conflicts", [own("write_conflicts_total")]),
  ];
}

function sending({ system }: Watched, pipeline: PipelineName, rows: readonly DeployedFunction[]): IWidget[] {
  const sinks = (system.pipelines[pipeline]?.sinks ?? []).filter((sink) => sink !== "s3" && sink !== "views");
  if (sinks.length === 0) return [];
  const streams = rows.filter((row) => triggersOf(row, "stream").length > 0);
  return [
    graph(
      "Sends that failed",
      sinks.map((sink) => ownMetric(system.name, "sink_failures_total", { sink }).with({ label: sink })),
    ),
    graph(
      "Dead letters",
      sinks.map((sink) => ownMetric(system.name, "dead_letters_total", { pipeline, sink }).with({ label: sink })),
    ),
    graph(
      "Age of changes (ms)",
      streams.map((row) => lambdaMetric(`${system.name}-${row.name}`, "IteratorAge").with({ label: row.name })),
    ),
  ];
}

function graph(title: string, left: readonly IMetric[]): GraphWidget {
  return new GraphWidget({ title, left: [...left], width: 6, height: 6 });
}
