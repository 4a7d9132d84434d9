import type { System } from "../../shared/settings/system.ts";
import { readSystem } from "../../shared/settings/system.ts";
import { assumptions } from "./assumptions.ts";
import { type CostLine, monthlyCost, totalOf } from "./model.ts";
import { priceList, prices } from "./prices.ts";
import { dollarsText, markdownTable, rateText } from "./table-text.ts";
import { secondsPerMonth } from "./workload.ts";

/** Records per second and pipeline that are looked at. */
export const rates: readonly number[] = [0, 10, 1_000, 10_000];
export const bytesPerRecord = 300;

/** One pipeline with final rows in S3, as it is without any other settings. */
export function exampleSystem(more: Readonly<Record<string, unknown>> = {}): System {
  return readSystem({ pipelines: { attribution: { partitions: 6, sinks: ["s3"] } }, ...more });
}

/** All tables for a deployment, in Markdown. */
export function costReport(system: System, of: string): string {
  return [
    `## ${of}: dollars per month`,
    `${bytesPerRecord} bytes per record, the same rate all day, ${priceList.region}, ${priceList.asOf}, no free tier.`,
    lineTable(system),
    "## Dollars per million records",
    "Without the cluster.",
    perMillionTable(system),
    "## Other clusters, other pollers",
    "Dollars per month, in all and without the cluster.",
    choicesTable(system),
    "## Prices",
    "Those that are marked are not from AWS itself but from a copy: look them up before you rely on them.",
    priceTable(),
    "## Assumptions",
    "What is neither counted nor a price. Times in Lambda have not been measured on AWS yet.",
    markdownTable(
      ["assumption", "value"],
      Object.entries(assumptions).map(([name, value]) => [`\`${name}\``, String(value)]),
    ),
    "Not in here: data transfer between zones and out of AWS, the API, backfills, queries, broker and flow logs, access logs, and what " +
      "databases and endpoints cost that results go to.",
  ].join("\n\n");
}

/** A row for each thing that costs anything at any rate, then the sums. */
function lineTable(system: System): string {
  const months = rates.map((recordsPerSecond) => monthlyCost(system, { recordsPerSecond, bytesPerRecord }));
  const rowsOf = (part: CostLine["part"]) => {
    const names = new Set(months.flat().flatMap((line) => (line.part === part ? [line.what] : [])));
    const rows = [...names].map((what) => ({ what, cells: months.map((lines) => dollarsOf(lines, what)) }));
    return rows.filter(({ cells }) => cells.some((dollars) => dollars > 0)).map(({ what, cells }) => row(what, cells));
  };
  const totals = (part?: CostLine["part"]) => months.map((lines) => totalOf(lines, part));
  return markdownTable(
    ["", ...rates.map(rateText)],
    [
      ...rowsOf("tidemark"),
      row("**Tidemark**", totals("tidemark")),
      ...rowsOf("cluster"),
      row("**the cluster that you have anyway**", totals("cluster")),
      row("**both**", totals()),
    ],
  );
}

function dollarsOf(lines: readonly CostLine[], what: string): number {
  return lines.filter((line) => line.what === what).reduce((sum, line) => sum + line.dollars, 0);
}

function row(what: string, cells: readonly number[]): string[] {
  return [what, ...cells.map(dollarsText)];
}

function perMillionTable(system: System): string {
  const pipelines = Object.keys(system.pipelines).length;
  const loaded = rates.filter((rate) => rate > 0);
  const cells = loaded.map((recordsPerSecond) => {
    const millions = (recordsPerSecond * pipelines * secondsPerMonth) / 1e6;
    return totalOf(monthlyCost(system, { recordsPerSecond, bytesPerRecord }), "tidemark") / millions;
  });
  return markdownTable(["", ...loaded.map(rateText)], [row("dollars per million records", cells)]);
}

const clusters: readonly (readonly [name: string, cluster: object])[] = [
  ["standard, three kafka.t3.small", { kind: "standard" }],
  ["standard, three kafka.m7g.large", { kind: "standard", instanceType: "kafka.m7g.large" }],
  ["express, three express.m7g.large", { kind: "express" }],
  ["serverless", { kind: "serverless" }],
];

function choicesTable(system: System): string {
  const rows = clusters.flatMap(([name, cluster]) =>
    (["onDemand", "provisioned"] as const).map((mode) => {
      const chosen: System = {
        ...system,
        cluster: { ...exampleSystem({ cluster }).cluster },
        pollers: { ...system.pollers, mode },
      };
      const cells = rates.map((recordsPerSecond) => {
        const lines = monthlyCost(chosen, { recordsPerSecond, bytesPerRecord });
        return `${dollarsText(totalOf(lines))} (${dollarsText(totalOf(lines, "tidemark"))})`;
      });
      return [`${name}; pollers ${mode === "onDemand" ? "on demand" : "provisioned"}`, ...cells];
    }),
  );
  return markdownTable(["", ...rates.map(rateText)], rows);
}

function priceTable(): string {
  const rows = Object.values(prices).map(({ dollars, unit, source }) => {
    return [`${unit}${source === "copied" ? " (a copy)" : ""}`, `$${dollars}`];
  });
  return markdownTable(["per", "price"], rows);
}
