import type { FunctionRow, Trigger } from "../../functions/function-row.ts";
import { functions } from "../../functions/manifest.ts";
import type { PipelineName } from "../../shared/settings/settings.ts";
import type { System } from "../../shared/settings/system.ts";

/** A function of the manifest that a deployment has, with those of its pipelines that it has too. */
export interface DeployedFunction extends FunctionRow {
  readonly pipelines: readonly PipelineName[];
}

/** The functions that are needed for these pipelines and their sinks. */
export function deployedFunctions(system: System): readonly DeployedFunction[] {
  return functions
    .map((row) => ({ ...row, pipelines: row.pipelines.filter((name) => isServed(system, row, name)) }))
    .filter((row) => row.pipelines.length > 0 && (row.settings === undefined || system[row.settings] !== undefined));
}

function isServed({ pipelines }: System, { sink }: FunctionRow, name: PipelineName): boolean {
  const settings = pipelines[name];
  return settings !== undefined && (sink === undefined || settings.sinks.some((one) => one === sink));
}

/** Whether it produces to a topic. */
export function writesToKafka({ name, actions, pipelines }: DeployedFunction, system: System): boolean {
  if (name === "api") return system.api.producesSamples && pipelines.includes("purchases");
  return actions.outputTopics !== undefined && pipelines.some((one) => system.pipelines[one]?.sinks.includes("kafka"));
}

/** Whether it stands in the network of the brokers. */
export function isInNetwork(row: DeployedFunction, system: System): boolean {
  return row.isInNetwork === true || writesToKafka(row, system);
}

export function triggersOf<K extends Trigger["kind"]>(row: FunctionRow, kind: K): Extract<Trigger, { kind: K }>[] {
  return row.triggers.filter((trigger): trigger is Extract<Trigger, { kind: K }> => trigger.kind === kind);
}
