import { listOf } from "./judge-records.ts";

/** An event that counts, and the newest thing said of it. */
interface Counted<Body> {
  readonly time: number;
  readonly id: bigint;
  readonly contentId: bigint;
  readonly body: Body;
}

export interface ContentView<Body> {
  readonly count: number;
  /** The latest by event time; of those of one time the one with the greatest id. */
  readonly last: Body;
  /** By minute of event time, `202401011205`, in order. */
  readonly minutes: Readonly<Record<string, number>>;
}

export interface ContentViewsAnswer<Body> {
  /** By content. */
  readonly content: Readonly<Record<string, ContentView<Body>>>;
  /** Of the minute of the latest event and the nine before it: the highest count first, of equal ones the least id. */
  readonly top: readonly { readonly contentId: string; readonly count: number }[];
}

const minute = 60_000;
const topMinutes = 10;

/** The views of all events that count, each of them given once. Nothing expires, and now is the latest event. */
export function viewsOf<Body>(events: readonly Counted<Body>[]): ContentViewsAnswer<Body> {
  const content = Array.from(byContent(events), ([id, ofContent]) => [id, viewOf(ofContent)] as const);
  return { content: Object.fromEntries(content), top: topOf(events) };
}

function byContent<Body>(events: readonly Counted<Body>[]): Map<string, Counted<Body>[]> {
  const byId = new Map<string, Counted<Body>[]>();
  for (const event of events) listOf(byId, String(event.contentId)).push(event);
  return byId;
}

function viewOf<Body>(events: readonly Counted<Body>[]): ContentView<Body> {
  const inOrder = events.toSorted((a, b) => a.time - b.time || Number(a.id - b.id));
  const minutes: Record<string, number> = {};
  for (const { time } of inOrder) minutes[minuteName(time)] = (minutes[minuteName(time)] ?? 0) + 1;
  const { body } = inOrder.at(-1) as Counted<Body>;
  return { count: events.length, last: body, minutes };
}

function minuteName(time: number): string {
  return new Date(time).toISOString().replace(/\D/g, "").slice(0, 12);
}

function topOf<Body>(events: readonly Counted<Body>[]): ContentViewsAnswer<Body>["top"] {
  const newest = events.reduce((latest, { time }) => Math.max(latest, time), 0);
  const start = (Math.floor(newest / minute) - (topMinutes - 1)) * minute;
  const recent = byContent(events.filter(({ time }) => time >= start));
  return Array.from(recent, ([contentId, { length }]) => ({ contentId, count: length })).sort(
    (a, b) => b.count - a.count || Number(BigInt(a.contentId) - BigInt(b.contentId)),
  );
}
