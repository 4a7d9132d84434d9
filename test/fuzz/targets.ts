import { readFileSync } from "node:fs";
import { parseRecordLine, RecordLineError } from "../../localstack/record-file/parse-line.ts";
import { decodeMskEvent, type MskEvent } from "../../shared/kafka/msk-event.ts";
import { attribution } from "../../shared/pipelines/attribution/attribution.ts";
import { conversions } from "../../shared/pipelines/conversions/conversions.ts";
import { dedupe } from "../../shared/pipelines/dedupe/dedupe.ts";
import { engagement } from "../../shared/pipelines/engagement/engagement.ts";
import { purchases } from "../../shared/pipelines/purchases/purchases.ts";
import { windows } from "../../shared/pipelines/windows/windows.ts";
import { readSettings, SettingError } from "../../shared/settings/settings.ts";
import { readSystem } from "../../shared/settings/system.ts";

export interface Target {
  readonly seeds: readonly string[];
  /** What changed inputs are made of, beside what any JSON is. */
  readonly words: readonly string[];
  /** Throws where the product does what it never should. */
  run(input: Buffer): unknown;
}

export const pipelines = {
  attribution: attribution(readSettings("attribution", {})),
  conversions: conversions(readSettings("conversions", {})),
  dedupe: dedupe(readSettings("dedupe", {})),
  windows: windows(readSettings("windows", {})),
  engagement: engagement(readSettings("engagement", {})),
  purchases: purchases(),
};

export const sources = [
  ["attribution", "ad_clicks", "msk-ad-clicks"],
  ["attribution", "page_views", "msk-page-views"],
  ["conversions", "raw-events", "msk-raw-events"],
  ["dedupe", "incoming-events", "msk-incoming-events"],
  ["windows", "incoming-events", "msk-incoming-events"],
  ["engagement", "dbserver1.public.engagement_events", "msk-engagement-events"],
  ["purchases", "purchases", "msk-purchases"],
] as const;

/** The values of a sample event's records. */
export function samplesOf(event: string): string[] {
  const { records } = JSON.parse(readFileSync(`test/events/${event}.json`, "utf8")) as MskEvent;
  return Object.values(records).flatMap((of) => of.map(({ value }) => Buffer.from(value ?? "", "base64").toString()));
}

function check(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(what);
}

function parsing([name, topic, event]: (typeof sources)[number]): Target {
  return {
    seeds: [...new Set(samplesOf(event))].slice(0, 5),
    words: [],
    run: (input) => {
      const parsed = pipelines[name].parse(topic, input);
      if (parsed.kind !== "rejected") return;
      check(/^[^\n]{5,500}$/.test(parsed.message), `a reason that is no sentence: ${parsed.message}`);
    },
  };
}

const json = (input: Buffer): unknown => {
  try {
    return JSON.parse(input.toString());
  } catch {
    return undefined;
  }
};

export const targets: Readonly<Record<string, Target>> = {
  ...Object.fromEntries(sources.map((source) => [`${source[0]}/${source[1]}`, parsing(source)])),
  msk: {
    seeds: [
      readFileSync("test/events/msk-ad-clicks.json", "utf8").slice(0, 2_000),
      '{"records":{"t-0":[{"offset":1}]}}',
    ],
    words: ["records", "partition", "offset", "timestamp", "headers", '"t-0":[]'],
    run: (input) => {
      const event = json(input);
      try {
        decodeMskEvent(event as MskEvent);
      } catch (error) {
        check(error instanceof TypeError, `${error}`);
      }
    },
  },
  lines: {
    seeds: [
      '{"topic":"t","partition":0,"offset":1,"ts":2,"key":"k","payload":{"a":1.0}}',
      '{"topic":"t","payload":null}',
    ],
    words: ["topic", "payload", "headers", "tstype", "\\", "\\u00e9", "\u00ff"],
    run: (input) => {
      try {
        parseRecordLine({ number: 1, bytes: input });
      } catch (error) {
        check(error instanceof RecordLineError, `${(error as Error).stack}`);
      }
    },
  },
  settings: {
    seeds: [
      JSON.stringify((JSON.parse(readFileSync("cdk.json", "utf8")) as { context: object }).context).slice(0, 4_000),
      "{}",
    ],
    words: [
      "pipelines",
      "cluster",
      "kind",
      "sinks",
      "http",
      "endpoint",
      "https://a.b",
      "5m",
      "PT5M",
      "partitions",
      "pollers",
    ],
    run: (input) => {
      const found = json(input);
      try {
        readSystem(typeof found === "object" && found && "tidemark" in found ? found.tidemark : found);
      } catch (error) {
        check(error instanceof SettingError, `${(error as Error).stack}`);
      }
    },
  },
};
