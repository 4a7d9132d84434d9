import type { Random } from "../../../localstack/generate/random.ts";
import type { Row } from "../../../shared/core/row.ts";
import type { DeployedSettings } from "../../../shared/settings/deployment.ts";
import type { PipelineName } from "../../../shared/settings/settings.ts";
import type { Fate, OracleLine } from "../../support/oracle/judge-records.ts";
import type { Faults } from "../faults.ts";
import type { SimulatedRecord } from "./simulated-record.ts";

/** What the oracle says of records of which none is late or ahead of its time. */
export interface Judgement {
  readonly fates: readonly Fate[];
  /** In the columns that don't depend on the order in which records came. */
  readonly rows: readonly object[];
}

/** What a simulation has to know of a pipeline. */
export interface SimulatedPipeline<P extends PipelineName = PipelineName> {
  readonly name: P;
  /** The settings of a run, as a deployment has them: small times, so that much happens. */
  settings(random: Random): Readonly<Record<string, unknown>>;
  traffic(random: Random, faults: Faults, settings: DeployedSettings<P>): readonly SimulatedRecord[];
  /**
   * Records that carry the watermark past everything: of each source and partition, and where `touches` of each key. `timestamp`: after all
   * others.
   */
  flush(
    traffic: readonly SimulatedRecord[],
    timestamp: number,
    touches: boolean,
    settings: DeployedSettings<P>,
  ): readonly Omit<SimulatedRecord, "place" | "isAnew">[];
  /** How long after the last record everything is final. */
  finalAfter(settings: DeployedSettings<P>): number;
  judge(lines: readonly OracleLine[], settings: DeployedSettings<P>): Judgement;
  /** What of a row has to be as the oracle says. */
  comparable(row: Row): object;
  /** Whose row it is. */
  entityOf(row: Row): string;
  /** Whether a known id is a duplicate however late it comes. */
  readonly remembersForEver: boolean;
  isLate(time: number, watermark: number, settings: DeployedSettings<P>): boolean;
}

/** An amount without zeros that say nothing: oracles have amounts by their value, rows as they were written. */
export function byValue(amount: unknown): string {
  return String(amount)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

/** Whatever is left of the settings after `columns`. */
export function columnsOf(row: Readonly<Record<string, unknown>>, columns: readonly string[]): object {
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
}
