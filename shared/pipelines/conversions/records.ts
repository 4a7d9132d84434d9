import { formatDecimal } from "../../core/decimal.ts";
import {
  type JsonFields,
  type Parsed,
  parseValue,
  requiredDecimal,
  requiredEventTime,
  requiredId,
  requiredText,
} from "../../core/record.ts";
import type { EventTimeMs } from "../../core/units.ts";

export const rawEvents = "raw-events";

/** A click: `{event_type, event_id, user_id, campaign_id, ad_id, source, timestamp}`. Whatever else it holds is not looked at. */
export interface ClickRecord {
  readonly kind: "click";
  /** The user. */
  readonly key: string;
  readonly id: string;
  readonly time: EventTimeMs;
  readonly campaign: string;
  readonly ad: string;
  readonly source: string;
}

/** A conversion: `{event_type, event_id, user_id, campaign_id, type, value, source, timestamp}`. */
export interface ConversionRecord {
  readonly kind: "conversion";
  /** The user. */
  readonly key: string;
  readonly id: string;
  readonly time: EventTimeMs;
  readonly campaign: string;
  readonly type: string;
  /** An exact decimal, as text. */
  readonly value: string;
  readonly source: string;
}

/** Reads a value of `raw-events`, as its `event_type` says; events of other types are not ours. */
export function parseRecord(value: Uint8Array): Parsed<ClickRecord | ConversionRecord> {
  return parseValue(value, (json) => {
    const type = requiredText(json, "event_type");
    if (type === "click") return readClick(json);
    return type === "conversion" ? readConversion(json) : undefined;
  });
}

function readClick(json: JsonFields): ClickRecord {
  return {
    kind: "click",
    key: requiredId(json, "user_id"),
    id: requiredId(json, "event_id"),
    time: requiredEventTime(json, "timestamp"),
    campaign: requiredId(json, "campaign_id"),
    ad: requiredId(json, "ad_id"),
    source: requiredText(json, "source"),
  };
}

function readConversion(json: JsonFields): ConversionRecord {
  return {
    kind: "conversion",
    key: requiredId(json, "user_id"),
    id: requiredId(json, "event_id"),
    time: requiredEventTime(json, "timestamp"),
    campaign: requiredId(json, "campaign_id"),
    type: requiredText(json, "type"),
    value: formatDecimal(requiredDecimal(json, "value")),
    source: requiredText(json, "source"),
  };
}
