import type { EventTimeMs } from "../../shared/core/units.ts";
import { zonedTimestamp } from "./engagement-changes.ts";
import type { TimeType } from "./engagement-schemas.ts";
import type { Random } from "./random.ts";
import type { RunIds } from "./run-ids.ts";
import { timeForm } from "./value-forms.ts";
import { writtenNumber } from "./written-number.ts";

/** How many ids are beyond 2^53. */
const longShare = 0.01;
const idsPerRun = 10n ** 9n;
/** As many as there are below 2^53. */
const runs = 9_007_198n;
const longIds = 9n * 10n ** 18n;

/** Digits of a 64-bit integer: other ones in another run, but for the one time in nine million that two runs happen to have the same. */
export function int64Id(ids: RunIds, number: number): string {
  return String((BigInt(ids.integer(0)) % runs) * idsPerRun + BigInt(number));
}

/** Now and then one whose neighbours are the same as floating-point numbers. */
export function newEventId(ids: RunIds, random: Random, number: number): string {
  const id = int64Id(ids, number);
  return random.chance(longShare) ? String(longIds + BigInt(id)) : id;
}

/** A column's value, and the type that a schema gives to it. */
export interface TimeColumn {
  readonly value: unknown;
  readonly type: TimeType;
}

/**
 * Nine in ten are text with microseconds, as Debezium writes a `timestamptz`; the others are counts, or text as other producers write it.
 * Nanoseconds are only told from microseconds by a schema.
 */
export function timeColumn(time: EventTimeMs, random: Random, hasSchema: boolean): TimeColumn {
  const drawn = random.fraction();
  const below = random.integer(0, 999);
  if (drawn < 0.9) return { value: zonedTimestamp(time, below), type: "ZonedTimestamp" };
  if (drawn < 0.93) return { value: time, type: "Timestamp" };
  if (drawn < 0.96) return { value: time * 1_000 + below, type: "MicroTimestamp" };
  if (drawn < 0.98 && hasSchema) return { value: writtenNumber(`${time * 1_000 + below}999`), type: "NanoTimestamp" };
  const text = timeForm(time, random);
  return { value: text, type: typeof text === "number" ? "Timestamp" : "ZonedTimestamp" };
}

/**
 * In milliseconds, up to a little more than the content's length. One in seven is missing, one in ten is so many hundredths of the length
 * and a half, one in a hundred is at the limits of a 32-bit integer, or below zero: somebody's clock was set.
 */
export function someDuration(random: Random, isClick: boolean, lengthSeconds: number | null): number | null {
  const drawn = random.fraction();
  if (drawn < (isClick ? 0.5 : 0.05)) return null;
  if (drawn > 0.99) return random.pick([0, 1, 2_147_483_647, -2_147_483_648, -1_500]);
  const length = lengthSeconds || 600;
  return drawn > 0.89 ? 5 * length * (2 * random.integer(0, 99) + 1) : random.integer(1, 1_100 * length);
}

const devices = ["ios", "android", "web", "tv"];
const oddDevices = ["", "größer", "テレビ", "📺", 'with "quotes" and \\', "a\tb\nc"];

export function someDevice(random: Random): string | null {
  const drawn = random.fraction();
  if (drawn < 0.1) return null;
  return random.pick(drawn < 0.98 ? devices : oddDevices);
}

/** JSON as Postgres prints a `jsonb`. One in fifty looks like a part of the change that it stands in. */
export function somePayload(random: Random): string | null {
  const drawn = random.fraction();
  if (drawn < 0.4) return null;
  if (drawn < 0.42) return '{"id": 9007199254740993, "op": "d", "after": {"id": 1, "content_id": 2}, "payload": null}';
  return `{"app": "${random.integer(1, 9)}.${random.integer(0, 30)}.0", "position": ${random.integer(0, 7_200)}.50}`;
}
