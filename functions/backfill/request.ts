import { isObject } from "../../shared/core/record.ts";
import { isEventTime, parseEventTime } from "../../shared/core/time.ts";
import type { EventTimeMs } from "../../shared/core/units.ts";
import { hintFor } from "../../shared/settings/nearest.ts";
import { settingDefinitions } from "../../shared/settings/pipeline-definitions.ts";
import { shown } from "../../shared/settings/shown.ts";
import { BackfillRefused, type BackfillRequest } from "./run.ts";

const fields = ["start", "end", "sink", "abandon"];
const sinks = settingDefinitions.engagement.sinks.known;

/**
 * Reads what a backfill is invoked with: `{"start":"2024-01-01T00:00:00Z","end":"2024-01-02T00:00:00Z","sink":"s3","abandon":true}`, the
 * times also as epoch milliseconds, the last two left out where they aren't needed.
 * @throws {BackfillRefused} names everything that is missing or wrong.
 */
export function readRequest(event: unknown): BackfillRequest {
  if (!isObject(event)) throw refused([`it is ${shown(event)}, not an object`]);
  const problems: string[] = [];
  const time = (name: "start" | "end") => timeIn(event[name]) ?? problems.push(`${name} ${wrongTime(event[name])}`);
  const [start, end] = [time("start"), time("end")];
  const sink = sinks.find((known) => known === event.sink);
  if (event.sink !== undefined && !sink)
    problems.push(`there is no sink ${shown(event.sink)}; ${sinkHint(event.sink)}`);
  const { abandon = false } = event;
  if (typeof abandon !== "boolean") problems.push(`abandon is true or false, not ${shown(abandon)}`);
  const unknown = Object.keys(event).filter((name) => !fields.includes(name));
  problems.push(...unknown.map((name) => `there is no ${shown(name)}; ${hintFor(name, fields)}`));
  if (problems.length > 0) throw refused(problems);
  return { start, end, ...(sink && { sink }), ...(abandon === true && { abandon }) };
}

function timeIn(given: unknown): EventTimeMs | undefined {
  if (typeof given === "number") return isEventTime(given) ? given : undefined;
  return typeof given === "string" ? parseEventTime(given) : undefined;
}

function wrongTime(given: unknown): string {
  const form = "a time such as 2024-01-01T00:00:00Z";
  return given === undefined ? `is missing; give ${form}` : `takes ${form}, not ${shown(given)}`;
}

function sinkHint(given: unknown): string {
  return typeof given === "string" ? hintFor(given, sinks) : `known are ${sinks.join(", ")}`;
}

function refused(problems: readonly string[]): BackfillRefused {
  return new BackfillRefused(`the event of the backfill: ${problems.join("; ")}`);
}
