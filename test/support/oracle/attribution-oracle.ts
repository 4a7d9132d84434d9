import { bestClicks } from "./best-click.ts";
import {
  type Accepted,
  type Answer,
  byCodePoint,
  judgeRecords,
  type OracleLine,
  watermarkOfPartition,
} from "./judge-records.ts";
import { idIn, optionalTextIn, timeIn } from "./oracle-json.ts";

/** All in milliseconds. */
export interface OracleSettings {
  readonly allowedLateness: number;
  readonly attributionWindow: number;
  readonly maxFutureSkew: number;
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

/** The rows are in the order of their event times, then of their ids. */
export type OracleAnswer = Answer<OracleRow>;

interface Event {
  readonly id: string;
  readonly user: string;
  readonly time: number;
  /** The campaign of a click, the URL of a page view. */
  readonly detail: string | null;
}

const clicks = "ad_clicks";
const views = "page_views";

/**
 * What the attribution pipeline has to make of a record file, straight from the words of semantics.md: slow, obvious, and without a
 * line of the product. It knows nothing of batches, state or pruning: it keeps everything, and asks for the best click at the end.
 */
export function judgeAttribution(lines: Iterable<OracleLine | string>, settings: OracleSettings): OracleAnswer {
  const { fates, accepted, counts } = judgeRecords<Event>(lines, {
    topics: [clicks, views],
    read: readEvent,
    identity: ({ id }, { topic, partition }) => `${topic} ${partition} ${id}`,
    watermark: watermarkOfPartition([clicks, views], settings.allowedLateness),
    isLate: ({ time }, watermark) => time < watermark,
    remembersForEver: false,
    maxFutureSkew: settings.maxFutureSkew,
  });
  return { fates, rows: rowsOf(accepted, settings), counts };
}

function readEvent(fields: Readonly<Record<string, unknown>>, { topic }: OracleLine): Event | undefined {
  const id = idIn(topic === clicks ? fields.click_id : fields.event_id);
  const user = idIn(fields.user_id);
  const time = timeIn(fields.event_time);
  const detail = topic === clicks ? idIn(fields.campaign_id) : optionalTextIn(fields.url);
  if (id === undefined || user === undefined || time === undefined || detail === undefined) return undefined;
  return { id, user, time, detail };
}

/** The final row of every page view. A click that was accepted after it, and won, is what changed it last. */
function rowsOf(accepted: readonly Accepted<Event>[], { attributionWindow }: OracleSettings): OracleRow[] {
  const pageViews = accepted.filter(({ record }) => record.topic === views);
  const best = bestClicks({
    clicks: accepted.filter(({ record }) => record.topic === clicks),
    results: pageViews,
    meeting: ({ record, user }) => `${record.partition} ${user}`,
    attributionWindow,
  });
  return pageViews
    .map((view) => rowOf(view, best.get(view)))
    .sort((a, b) => a.event_time - b.event_time || byCodePoint(a.page_view_id, b.page_view_id));
}

function rowOf(view: Accepted<Event>, click: Accepted<Event> | undefined): OracleRow {
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
    partition: view.record.partition,
    watermark: isCorrection ? click.watermark : view.watermark,
    reason: click === undefined ? "no-click" : isCorrection ? "better-click" : "click",
  };
}
