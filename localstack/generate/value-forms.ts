import { formatEventTime } from "../../shared/core/time.ts";
import type { DurationMs, EventTimeMs } from "../../shared/core/units.ts";
import type { Random } from "./random.ts";
import type { RunIds } from "./run-ids.ts";
import { writtenNumber } from "./written-number.ts";

/** The forms in which producers may write one and the same value. */

const minute: DurationMs = 60_000;
const zones: readonly (readonly [text: string, ahead: number])[] = [
  ["+02:00", 120 * minute],
  ["-05:00", -300 * minute],
  ["+05:45", 345 * minute],
  ["-03:30", -210 * minute],
];

/** Six in ten end in `Z`; of the others each quarter is without a zone, in another zone, in epoch milliseconds, or has a longer fraction. */
export function timeForm(time: EventTimeMs, random: Random): string | number {
  const drawn = random.fraction();
  if (drawn < 0.6) return formatEventTime(time);
  if (drawn < 0.7) return time;
  if (drawn < 0.8) {
    const [zone, ahead] = random.pick(zones);
    return withoutZone(time + ahead) + zone;
  }
  const text = withoutZone(time);
  // What stands behind the milliseconds is cut, not rounded: .999999 would become the next second otherwise.
  return drawn < 0.9 ? text : `${text}${text.includes(".") ? "" : ".000"}999Z`;
}

function withoutZone(time: EventTimeMs): string {
  return formatEventTime(time).slice(0, -1);
}

/** Six in ten are numbers as `JSON.stringify` writes them, two texts; the others have zeros at the end or an exponent. */
export function amountForm(cents: number, random: Random): unknown {
  const drawn = random.fraction();
  if (drawn < 0.6) return cents / 100;
  const text = (cents / 100).toFixed(2);
  if (drawn < 0.8) return text;
  if (drawn < 0.9) return writtenNumber(text);
  return drawn < 0.95 ? `${text}0000` : writtenNumber(`${cents}e-2`);
}

/** An id that is an integer, as a number or as text: to the reader it is the same id. */
export function idForm(id: string, random: Random): unknown {
  return isInteger(id) && random.chance(0.5) ? writtenNumber(id) : id;
}

function isInteger(id: string): boolean {
  return id >= "0" && id < ":" && /^\d+$/.test(id);
}

/** How many ids are integers. */
const integerShare = 0.01;

/** A new id: `form` of its number, now and then an integer. */
export function newId(ids: RunIds, random: Random, form: (number: number) => string): string {
  const number = ids.next();
  return random.chance(integerShare) ? ids.integer(number) : form(number);
}

/** Every fortieth user and the next one have neighbouring integers for names that are one and the same as floating-point numbers. */
export function userName(rank: number): string {
  const place = rank % 40;
  return place === 7 || place === 8 ? String(2n ** 53n + BigInt(rank)) : `user_${rank}`;
}
