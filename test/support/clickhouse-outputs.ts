import type { Column } from "../../shared/core/row.ts";
import type { Output } from "../../shared/ports/output.ts";

/** The columns of enriched events, as the contract lists them. */
export const enrichedColumns: readonly Column[] = [
  { name: "event_id", type: "int64", nullable: false },
  { name: "content_id", type: "int64", nullable: false },
  { name: "user_id", type: "string", nullable: false },
  { name: "event_type", type: "string", nullable: false },
  { name: "event_ts", type: "timestamp", nullable: false },
  { name: "duration_ms", type: "int64", nullable: true },
  { name: "device", type: "string", nullable: true },
  { name: "content_type", type: "string", nullable: true },
  { name: "length_seconds", type: "int64", nullable: true },
  { name: "engagement_seconds", type: "double", nullable: true },
  { name: "engagement_pct", type: "double", nullable: true },
  { name: "revision", type: "int32", nullable: false },
];

/** Row 16 of the contract's example: 7000 ms of content 1, which takes 300 s. */
export const row16: Output["body"] = {
  event_id: 16,
  content_id: 1,
  user_id: "user_16",
  event_type: "play",
  event_ts: "2024-01-01T12:10:00Z",
  duration_ms: 7_000,
  device: "ios",
  content_type: "video",
  length_seconds: 300,
  engagement_seconds: 7,
  engagement_pct: 0.02,
  revision: 1,
};

/** An enriched event: row 16, but for what is given. */
export function enriched(differences: Readonly<Record<string, string | number | boolean | null>> = {}): Output {
  const body = { ...row16, ...differences };
  const entity = String(body.event_id);
  const revision = Number(body.revision);
  return { id: `engagement:${entity}:${revision}`, pipeline: "engagement", entity, revision, final: true, body };
}
