import * as z from "zod/mini";
import { type Operation, operation } from "./operation.ts";
import { idAnswered, idInPath, timeText, wholeNumber } from "./schemas.ts";

/** For so many minutes the counts of a minute are kept. */
const minutesMax = 15;
const limitMax = 1_000;

const events = z.int().check(z.gte(1), z.describe("How many events, each counted once."));

/** A `bigint` of the source: beyond 2^53 a JSON number would be rounded by most readers. */
const integer = z
  .union([z.int(), z.string().check(z.regex(/^-?\d+$/))])
  .check(z.describe("A number, or its digits as text where a double isn't exact."));

/** As the pipeline's outputs show it everywhere. */
export const enrichedEvent = z.object({
  event_id: integer,
  content_id: integer,
  user_id: z.string(),
  event_type: z.string(),
  event_ts: timeText,
  duration_ms: z.nullable(z.int()),
  device: z.nullable(z.string()),
  content_type: z.nullable(z.string()),
  length_seconds: z.nullable(z.int()),
  engagement_seconds: z.nullable(z.number()),
  engagement_pct: z.nullable(z.number()),
  revision: z.int().check(z.gte(1)),
});

const reading = { pipeline: "engagement", method: "GET", mayBeUnavailable: false } as const;

const ofContent = { ...reading, pathParameters: { id: idInPath("The content.") }, query: {} } as const;

export const readLastEvent = operation({
  ...ofContent,
  id: "readLastEvent",
  path: "/content/{id}/last",
  summary: "The last event of a content",
  description: "By its event time, not by its arrival, where that is less than an hour ago.",
  answer: {
    name: "LastEvent",
    description: "null where there is no such event.",
    schema: z.object({ contentId: idAnswered, last: z.nullable(enrichedEvent) }),
  },
});

export const readEventCount = operation({
  ...ofContent,
  id: "readEventCount",
  path: "/content/{id}/count",
  summary: "How many events a content has had",
  description: "All events ever, each counted once, whatever its revisions.",
  answer: {
    name: "EventCount",
    description: "0 for a content of which nothing is known.",
    schema: z.object({ contentId: idAnswered, count: z.int().check(z.gte(0)) }),
  },
});

export const readEventMinutes = operation({
  ...ofContent,
  id: "readEventMinutes",
  path: "/content/{id}/minutes",
  summary: "How many events a content has had in each of the last 15 minutes",
  description: "By event time.",
  answer: {
    name: "EventMinutes",
    description: "Minutes in UTC as YYYYMMDDHHMM, oldest first; those without events are left out.",
    schema: z.object({
      contentId: idAnswered,
      minutes: z.record(z.string().check(z.regex(/^\d{12}$/)), events),
    }),
  },
});

export const readTopContents = operation({
  ...reading,
  id: "readTopContents",
  path: "/content/top",
  summary: "The contents with the most events in the last minutes",
  description: "By event time. Of a content that is called `top` the other paths tell: `/content/top/last`.",
  pathParameters: {},
  query: {
    minutes: z._default(wholeNumber(1, minutesMax, "How many minutes back, the current one among them."), 10),
    limit: z._default(wholeNumber(1, limitMax, "How many contents at most."), 100),
  },
  answer: {
    name: "TopContents",
    description: "The highest count first, contents with the same count by id.",
    schema: z.object({
      minutes: z.int().check(z.gte(1), z.lte(minutesMax)),
      top: z.array(z.object({ contentId: z.string(), count: events })),
    }),
  },
});

export const contentOperations: readonly Operation[] = [
  readLastEvent,
  readEventCount,
  readEventMinutes,
  readTopContents,
];
