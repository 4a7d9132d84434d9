import type { System } from "../../shared/settings/system.ts";
import type { ClientNetwork } from "../cluster/cluster-stack.ts";
import type { LogGroups } from "../log-group.ts";
import type { StateStack } from "../state/state-stack.ts";

/** What functions are made of, and what they work on. */
export interface PipelineResources {
  readonly system: System;
  readonly logs: LogGroups;
  readonly state: Pick<StateStack, "key" | "entities" | "progress" | "output" | "failures">;
  readonly clusterArn: string;
  readonly network: ClientNetwork | undefined;
  /** `host:port` with commas between. */
  brokers(): string;
  /** The directory with the bundle of a folder of `functions/`. */
  codeOf(folder: string): string;
  logGroupArn(functionName: string): string;
}
