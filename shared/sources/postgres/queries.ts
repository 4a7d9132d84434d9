import { formatEventTime } from "../../core/time.ts";
import type { DurationMs } from "../../core/units.ts";
import type { EventRange } from "../../ports/event-rows.ts";
import type { IdSpan } from "./id-spans.ts";
import type { Question } from "./session.ts";

const boundsMax: DurationMs = 600_000;
const countMax: DurationMs = 1_000;

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** Infinite times are in no range. */
const inRange = `FROM public.engagement_events
  WHERE event_ts >= $1::timestamptz AND event_ts < $2::timestamptz AND id > $3::bigint AND id <= $4::bigint`;

/** Null where there is none. */
export interface Bounds {
  readonly least: string | null;
  readonly greatest: string | null;
}

export interface Count {
  readonly count: string;
}

export interface Estimate {
  readonly "QUERY PLAN": readonly { readonly Plan: { readonly "Plan Rows": number } }[];
}

/**
 * The least and the greatest id of a range. An index over (event_ts, id) has them: five million a second, where VACUUM has been there.
 * With another index all events of the range are looked at, without one all of the table. If it weren't for `count`, Postgres would look
 * for either along the primary key, through all that lies before the range and behind it.
 */
export function boundsQuestion(range: EventRange): Question {
  const text = `SELECT min(id)::text AS least, max(id)::text AS greatest, count(*) ${inRange}`;
  return { text, values: valuesOf(range, allIds(range)), timeLimit: boundsMax };
}

export function countQuestion(range: EventRange): Question {
  return {
    text: `SELECT count(*)::text AS count ${inRange}`,
    values: valuesOf(range, allIds(range)),
    timeLimit: countMax,
  };
}

/** What the planner expects, which takes it a millisecond. */
export function estimateQuestion(range: EventRange): Question {
  const text = `EXPLAIN (FORMAT JSON) SELECT id ${inRange}`;
  return { text, values: valuesOf(range, allIds(range)), timeLimit: countMax };
}

/**
 * The first events of a span of ids, at most `rowsMax`, each with its content. The planner takes the primary key where the span is smaller
 * than the range, else the index by time. `id + 0` hides from it that the primary key has the order that is asked for: it would take it in
 * the hope to come across `rowsMax` events soon, and go through all that lies before the first.
 */
export function pageQuestion(range: EventRange, span: IdSpan, rowsMax: number, timeLimit: DurationMs): Question {
  const text = `
    SELECT e.id::text, e.content_id::text, e.user_id::text, e.event_type::text,
      to_char(e.event_ts, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS event_ts, e.duration_ms::text, e.device::text,
      c.content_id::text AS known_content_id, c.content_type::text, c.length_seconds::text
    FROM (
      SELECT id, content_id, user_id, event_type, event_ts, duration_ms, device ${inRange} ORDER BY id + 0 LIMIT $5
    ) e
    LEFT JOIN public.content c ON c.content_id = e.content_id
    ORDER BY e.id`;
  return { text, values: [...valuesOf(range, span), rowsMax], timeLimit };
}

function allIds({ after }: EventRange): IdSpan {
  return { after: after === undefined ? int64Min : BigInt(after), to: int64Max };
}

function valuesOf({ start, end }: EventRange, { after, to }: IdSpan): string[] {
  return [formatEventTime(start), formatEventTime(end), `${after}`, `${to}`];
}
