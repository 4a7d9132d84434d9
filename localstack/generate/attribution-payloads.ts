import { formatEventTime } from "../../shared/core/time.ts";
import type { EventTimeMs } from "../../shared/core/units.ts";
import type { Random } from "./random.ts";

export type PayloadFields = Readonly<Record<string, unknown>>;

const campaigns = 36;
const products = 200;

export function clickFields(id: string, user: string, time: EventTimeMs, random: Random): PayloadFields {
  return {
    click_id: id,
    user_id: user,
    campaign_id: `campaign_${random.zipf(campaigns)}`,
    event_time: formatEventTime(time),
  };
}

export function viewFields(id: string, user: string, time: EventTimeMs, random: Random): PayloadFields {
  const url = `https://example.com/product${random.zipf(products)}`;
  return { event_id: id, user_id: user, url, event_time: formatEventTime(time) };
}

/** The ways in which producers break their promises; each makes a value that no pipeline can use. */
const faults: readonly ((fields: PayloadFields) => string)[] = [
  (fields) => JSON.stringify(fields).slice(0, -12),
  () => "this is no JSON",
  (fields) => JSON.stringify([fields]),
  ({ user_id: _, ...others }) => JSON.stringify(others),
  (fields) => JSON.stringify({ ...fields, user_id: null }),
  (fields) => JSON.stringify({ ...fields, user_id: { name: fields.user_id } }),
  (fields) => JSON.stringify({ ...fields, event_time: true }),
  (fields) => JSON.stringify({ ...fields, event_time: "2026-02-30T12:00:00Z" }),
];

export function malformedPayload(fields: PayloadFields, random: Random): string {
  return random.pick(faults)(fields);
}
