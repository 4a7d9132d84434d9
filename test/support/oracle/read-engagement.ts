import { columnTimeIn, type Fields, integerIdIn, optionalIntegerIn, rowChangeIn } from "./oracle-envelope.ts";
import { idIn, optionalTextIn, textIn } from "./oracle-json.ts";

/** A row that came into the table `engagement_events`. */
export interface Engagement {
  readonly kind: "event";
  /** Its `event_ts`, in milliseconds since 1970. */
  readonly time: number;
  readonly id: bigint;
  readonly contentId: bigint;
  readonly user: string;
  readonly type: string;
  /** In milliseconds. */
  readonly duration: bigint | null;
  readonly device: string | null;
}

/** What became of a row of the table `content`. */
export interface ContentChange {
  readonly kind: "change";
  readonly time: null;
  readonly contentId: bigint;
  /** Null where it is deleted. */
  readonly content: Content | null;
}

export interface Content {
  readonly type: string;
  /** In seconds. */
  readonly length: bigint | null;
}

/** `includeSnapshot`: whether rows of a snapshot, `op: "r"`, are events. */
export function readEngagement(fields: Fields, includeSnapshot: boolean): Engagement | "ignored" | undefined {
  const change = rowChangeIn(fields);
  if (!change) return undefined;
  if (change.op !== "c" && !(includeSnapshot && change.op === "r")) return "ignored";
  const row = change.after ?? {};
  const id = integerIdIn(row.id);
  const contentId = integerIdIn(row.content_id);
  const user = idIn(row.user_id);
  const type = textIn(row.event_type);
  const time = columnTimeIn(row.event_ts, change.typeOf("event_ts"));
  const duration = optionalIntegerIn(row.duration_ms);
  const device = optionalTextIn(row.device);
  if (id === undefined || contentId === undefined || user === undefined || type === undefined) return undefined;
  if (time === undefined || duration === undefined || device === undefined) return undefined;
  return { kind: "event", time, id, contentId, user, type, duration, device };
}

export function readContentChange(fields: Fields): ContentChange | "ignored" | undefined {
  const change = rowChangeIn(fields);
  if (!change) return undefined;
  const { op, before, after } = change;
  if (!["c", "u", "r", "d"].includes(op)) return "ignored";
  const contentId = integerIdIn((op === "d" ? before : after)?.content_id);
  if (contentId === undefined) return undefined;
  if (op === "d") return { kind: "change", time: null, contentId, content: null };
  const type = textIn(after?.content_type);
  const length = optionalIntegerIn(after?.length_seconds);
  if (type === undefined || length === undefined) return undefined;
  return { kind: "change", time: null, contentId, content: { type, length } };
}
