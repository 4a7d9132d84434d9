import { idIn, objectIn, optionalTextIn, timeIn } from "./oracle-json.ts";

/** A line of a record file, as semantics of attribution need it. */
export interface OracleLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly payload: string | null;
}

/** All in milliseconds. */
export interface OracleSettings {
  readonly allowedLateness: number;
  readonly attributionWindow: number;
  readonly maxFutureSkew: number;
}

export interface Fate {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly fate: "accepted" | "duplicate" | "ignored" | "rejected";
  readonly reason: "malformed" | "late" | "future" | null;
  /** As it stood just before the record. */
  readonly watermark: number | null;
}

export interface OracleRow {
  readonly page_view_id: string;
  readonly user_id: string;
  readonly event_time: number;
  readonly url: string | null;
  readonly attributed_campaign_id: string | null;
  readonly attributed_click_id: string | null;
  readonly attributed_click_time: number | null;
  readonly final: true;
  readonly partition: number;
  readonly watermark: number | null;
  readonly reason: "click" | "no-click" | "better-click";
}

export interface OracleCounts {
  read: number;
  accepted: number;
  duplicate: number;
  ignored: number;
  rejected: { malformed: number; late: number; future: number; oversized: number };
}

export interface OracleAnswer {
  readonly fates: readonly Fate[];
  /** By event time, then by id. */
  readonly rows: readonly OracleRow[];
  readonly counts: Readonly<Record<string, OracleCounts>>;
}

interface Event {
  readonly topic: string;
  readonly partition: number;
  readonly id: string;
  readonly user: string;
  readonly time: number;
  /** The campaign of a click, the URL of a page view. */
  readonly detail: string | null;
}

/** An event that counts, and what the world knew when it came. */
interface Accepted extends Event {
  readonly place: number;
  readonly watermark: number | null;
}

const clicks = "ad_clicks";
const views = "page_views";

/**
 * What the attribution pipeline has to make of a record file, straight from the words of semantics.md: slow, obvious, and without a
 * line of the product. It knows nothing of batches, state or pruning: it keeps everything, and asks for the best click at the end.
 */
export function judgeAttribution(lines: Iterable<OracleLine | string>, settings: OracleSettings): OracleAnswer {
  const fates: Fate[] = [];
  const accepted: Accepted[] = [];
  const byId = new Map<string, Accepted[]>();
  const seen = new Set<string>();
  const highest = new Map<string, number>();
  for (const line of lines) {
    const record = typeof line === "string" ? (JSON.parse(line) as OracleLine) : line;
    const { topic, partition, offset } = record;
    const position = `${topic} ${partition} ${offset}`;
    if (seen.has(position)) continue;
    seen.add(position);
    const watermark = watermarkOf(highest, partition, settings);
    const event = readEvent(record);
    const sameId = typeof event === "object" ? listOf(byId, `${topic} ${partition} ${event.id}`) : [];
    const [fate, reason] = fateOf(record, event, watermark, sameId, settings);
    fates.push({ topic, partition, offset, fate, reason, watermark });
    if (typeof event !== "object" || fate === "rejected") continue;
    const source = `${topic} ${partition}`;
    highest.set(source, Math.max(highest.get(source) ?? event.time, event.time));
    if (fate === "duplicate") continue;
    const counting = { ...event, place: fates.length, watermark };
    accepted.push(counting);
    sameId.push(counting);
  }
  return { fates, rows: rowsOf(accepted, settings), counts: countsOf(fates) };
}

function watermarkOf(highest: ReadonlyMap<string, number>, partition: number, settings: OracleSettings): number | null {
  const ofClicks = highest.get(`${clicks} ${partition}`);
  const ofViews = highest.get(`${views} ${partition}`);
  if (ofClicks === undefined || ofViews === undefined) return null;
  return Math.min(ofClicks, ofViews) - settings.allowedLateness;
}

function fateOf(
  record: OracleLine,
  event: Event | "ignored" | "malformed",
  watermark: number | null,
  sameId: readonly Accepted[],
  settings: OracleSettings,
): [Fate["fate"], Fate["reason"]] {
  if (event === "ignored") return ["ignored", null];
  if (event === "malformed") return ["rejected", "malformed"];
  if (event.time > record.ts + settings.maxFutureSkew) return ["rejected", "future"];
  if (watermark !== null && event.time < watermark) return ["rejected", "late"];
  // An id is known while a record of its time could still come.
  const isKnown = sameId.some(({ time }) => watermark === null || time >= watermark);
  return [isKnown ? "duplicate" : "accepted", null];
}

function readEvent({ topic, partition, payload }: OracleLine): Event | "ignored" | "malformed" {
  if (payload === null || (topic !== clicks && topic !== views)) return "ignored";
  const fields = objectIn(payload);
  if (!fields) return "malformed";
  const id = idIn(topic === clicks ? fields.click_id : fields.event_id);
  const user = idIn(fields.user_id);
  const time = timeIn(fields.event_time);
  const detail = topic === clicks ? idIn(fields.campaign_id) : optionalTextIn(fields.url);
  if (id === undefined || user === undefined || time === undefined || detail === undefined) return "malformed";
  return { topic, partition, id, user, time, detail };
}

/** The final row of every page view. A click that was accepted after it, and won, is what changed it last. */
function rowsOf(accepted: readonly Accepted[], settings: OracleSettings): OracleRow[] {
  const clicksOf = new Map<string, Accepted[]>();
  const owner = ({ partition, user }: Accepted) => `${partition} ${user}`;
  for (const event of accepted) if (event.topic === clicks) listOf(clicksOf, owner(event)).push(event);
  return accepted
    .filter(({ topic }) => topic === views)
    .map((view) => rowOf(view, bestClick(view, listOf(clicksOf, owner(view)), settings)))
    .sort((a, b) => a.event_time - b.event_time || byCodePoint(a.page_view_id, b.page_view_id));
}

function listOf(lists: Map<string, Accepted[]>, name: string): Accepted[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

function rowOf(view: Accepted, click: Accepted | undefined): OracleRow {
  const isCorrection = click !== undefined && click.place > view.place;
  return {
    page_view_id: view.id,
    user_id: view.user,
    event_time: view.time,
    url: view.detail,
    attributed_campaign_id: click?.detail ?? null,
    attributed_click_id: click?.id ?? null,
    attributed_click_time: click?.time ?? null,
    final: true,
    partition: view.partition,
    watermark: isCorrection ? click.watermark : view.watermark,
    reason: click === undefined ? "no-click" : isCorrection ? "better-click" : "click",
  };
}

/** Of the clicks of the view's own user in its own partition. */
function bestClick(
  view: Accepted,
  candidates: readonly Accepted[],
  { attributionWindow }: OracleSettings,
): Accepted | undefined {
  return candidates
    .filter(({ time }) => view.time - time >= 0 && view.time - time <= attributionWindow)
    .sort((a, b) => b.time - a.time || byCodePoint(b.id, a.id))[0];
}

/** By code point, which is also the order of UTF-8 bytes. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function countsOf(fates: readonly Fate[]): Record<string, OracleCounts> {
  const counts: Record<string, OracleCounts> = {};
  for (const topic of new Set([clicks, views, ...fates.map((fate) => fate.topic)])) {
    counts[topic] = {
      read: 0,
      accepted: 0,
      duplicate: 0,
      ignored: 0,
      rejected: { malformed: 0, late: 0, future: 0, oversized: 0 },
    };
  }
  for (const { topic, fate, reason } of fates) {
    const ofTopic = counts[topic] as OracleCounts;
    ofTopic.read++;
    if (fate === "rejected") ofTopic.rejected[reason ?? "malformed"]++;
    else ofTopic[fate]++;
  }
  return counts;
}
