import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { sampleData } from "../generate/sample-data.ts";
import { writeRecords } from "./generate.ts";
import type { CommandIo } from "./io.ts";
import { partitionsByDefault } from "./options.ts";
import { query } from "./query.ts";
import { replayCommand } from "./replay.ts";

/** What a pipeline's sample shows, and the SQL that shows it. */
const stops: Readonly<Record<PipelineName, { readonly says: string; readonly sql: string }>> = {
  attribution: {
    says: "Six ad clicks and six page views went through the attribution pipeline. Each page view and the click it is attributed to:",
    sql: `select page_view_id, user_id, event_time, attributed_campaign_id, attributed_click_id
      from attributed_page_views order by page_view_id`,
  },
  conversions: {
    says: "Twelve clicks and conversions went through the conversions pipeline. Each conversion, what it is worth, and the click it is attributed to:",
    sql: "select conversion_id, user_id, campaign_id, value, click_id from attributed_events order by conversion_id",
  },
  dedupe: {
    says: "Twelve events went through the dedupe pipeline: four came again, one too late. Each event that is left:",
    sql: "select eventId, eventTime from deduped_events order by eventId",
  },
  windows: {
    says: "Twelve amounts went through the windows pipeline. Each user's windows of five minutes: how many, their sum, the least and the greatest:",
    sql: `select userId, windowStart, windowEnd, eventCount, totalAmount, minAmount, maxAmount
      from user_windows order by userId, windowStart`,
  },
  engagement: {
    says: "25 changes of engagement_events and seven of content went through the engagement pipeline. Each event, and what part of its content that is:",
    sql: `select event_id, content_id, event_type, duration_ms, content_type, length_seconds, engagement_seconds, engagement_pct
      from events_enriched order by event_id`,
  },
  purchases: {
    says: "Twelve purchases went through the purchases pipeline: five came again, three don't add up. What each user owes, and for how many:",
    sql: "select userId, sum(total), count(*) from purchases group by userId order by userId",
  },
};

/** Runs the samples of these pipelines, always from fresh state, and shows what comes of them. */
export async function runSamples(pipelines: readonly PipelineName[], directory: string, io: CommandIo): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const records = join(directory, "records");
  mkdirSync(records, { recursive: true });
  const quiet = { ...io, out: () => {} };
  for (const pipeline of pipelines) {
    const input = join(records, `${pipeline}.ndjson`);
    writeRecords(sampleData[pipeline].sample, input);
    const flags = { pipeline, input, out: directory, set: [], batch: "500", drain: true, json: false };
    await replayCommand({ ...flags, partitions: String(partitionsByDefault) }, quiet);
    const { says, sql } = stops[pipeline];
    io.out(says);
    io.out("");
    const code = await query(sql, { out: directory, json: false }, io);
    if (code !== 0) throw new Error(`the output of the sample of ${pipeline} can't be read`);
    io.out("");
  }
}
