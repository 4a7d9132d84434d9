import type { Document } from "../../../shared/ports/state-store.ts";
import type { RunningPipeline } from "../../../shared/runtime/running-pipeline.ts";
import type { DeployedSettings } from "../../../shared/settings/deployment.ts";
import type { PipelineName } from "../../../shared/settings/settings.ts";
import type { Faults } from "../faults.ts";
import type { Arrival, SimulatedSinks } from "../simulated-sinks.ts";
import type { SimulatedTables, TableName } from "../simulated-store.ts";
import type { Topics } from "../topics.ts";
import type { SimulatedPipeline } from "../traffic/simulated-pipeline.ts";

/** What checkers look at. */
export interface Watched {
  readonly pipeline: SimulatedPipeline;
  readonly settings: DeployedSettings<PipelineName>;
  /** With a store that nobody stands between. */
  readonly running: RunningPipeline;
  readonly topics: Topics;
  readonly tables: SimulatedTables;
  /** All objects by their names. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly sinks: SimulatedSinks;
  readonly faults: Faults;
}

/** Something that must hold, whatever befalls the world. */
export interface Checker {
  readonly name: string;
  onWritten?(table: TableName, document: Document, before: Document | undefined): void;
  /** An object that was just created. */
  onObject?(name: string, bytes: Uint8Array): void;
  onArrival?(arrival: Arrival): void;
  /** Once everything has come to rest. */
  atEnd?(): void;
}

/** `fail`: tells that it doesn't hold. */
export type CheckerOf = (world: Watched, fail: (message: string) => void) => Checker;
