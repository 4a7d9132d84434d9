import { type Decimal, zero } from "../../core/decimal.ts";
import {
  type JsonFields,
  optionalDecimal,
  optionalText,
  type Parsed,
  parseValue,
  requiredEventTime,
  requiredId,
} from "../../core/record.ts";
import { bucketStart } from "../../core/time.ts";
import type { DurationMs, EventTimeMs } from "../../core/units.ts";
import { keyOfWindow } from "./window-key.ts";

export const incomingEvents = "incoming-events";

/** A record of `incoming-events`: `{eventId, userId, amount, eventType, eventTime}`. */
export interface WindowedRecord {
  /** The user's one window that the event falls into: see `keyOfWindow`. */
  readonly key: string;
  readonly id: string;
  readonly time: EventTimeMs;
  /** Zero where the record has none. */
  readonly amount: Decimal;
}

/** Reads a value; what makes it unusable is said, not thrown. */
export function parseRecord(value: Uint8Array, windowSize: DurationMs): Parsed<WindowedRecord> {
  return parseValue(value, (json) => readEvent(json, windowSize));
}

function readEvent(json: JsonFields, windowSize: DurationMs): WindowedRecord {
  const id = requiredId(json, "eventId");
  const user = requiredId(json, "userId");
  const time = requiredEventTime(json, "eventTime");
  const amount = optionalDecimal(json, "amount") ?? zero;
  // No result shows it, but one of a wrong type is a mistake of its producer's that should come to light.
  optionalText(json, "eventType");
  return { key: keyOfWindow(user, bucketStart(time, windowSize)), id, time, amount };
}
