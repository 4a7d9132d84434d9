import { aside, at1208, type Scenario } from "../support/scenario.ts";

/** Who gets the credit. */
export const lastClick: readonly Scenario[] = [
  [
    "the latest click by event time wins, whichever came first",
    "12:10 click c2; 12:05 click c1; 12:15 view v1",
    "v1 <- c2",
  ],
  ["a page view without a click goes to nobody", "12:10 view v1", "v1 <- nobody"],
  ["a click that comes after its page view still wins it", "12:10 view v1; 12:05 click c1", "v1 <- c1"],
  ["an older click that comes later changes nothing", "12:10 view v1; 12:06 click c2; 12:05 click c1", "v1 <- c2"],
  ["a click of another user is nobody's", "12:05 click c1 u2; 12:10 view v1 u1", "v1 <- nobody"],
  ["a click in another partition is nobody's", "12:05 click c1 p1; 12:10 view v1 p0", "v1 <- nobody"],
  [
    "one click gets the credit for many page views",
    "12:05 click c1; 12:10 view v1; 12:11 view v2",
    "v1 <- c1; v2 <- c1",
  ],
  ["clicks of one time: the greater id wins, coming last", "12:05 click a; 12:05 click b; 12:10 view v1", "v1 <- b"],
  ["clicks of one time: the greater id wins, coming first", "12:05 click b; 12:05 click a; 12:10 view v1", "v1 <- b"],
  [
    "clicks of one time: the greater id wins, coming after the view",
    "12:05 click a; 12:10 view v1; 12:05 click b",
    "v1 <- b",
  ],
  [
    "clicks of one time: the smaller id loses, coming after the view",
    "12:05 click b; 12:10 view v1; 12:05 click a",
    "v1 <- b",
  ],
  [
    "ids are compared by code point, not by UTF-16 unit",
    "12:05 click c😀; 12:05 click c～; 12:10 view v1",
    "v1 <- c😀",
  ],
];

export const duplicates: readonly Scenario[] = [
  ["a click sent again changes nothing", "12:10 view v1; 12:09 click c1; 12:09 click c1", "v1 <- c1; 1 duplicate"],
  [
    "a page view sent again changes nothing",
    "12:09 click c1; 12:10 view v1; 12:10 view v1; 12:10 view v1",
    "v1 <- c1; 2 duplicate",
  ],
  ["of one id the first occurrence wins", "12:05 click c1; 12:10 view v1; 12:09 click c1", "v1 <- c1; 1 duplicate"],
  ["a click and a page view may bear one id", "12:05 click same; 12:10 view same", "same <- same"],
  [
    "an id exactly at the watermark is still known",
    `12:08 view v1; ${at1208}; 12:09 view v1`,
    `v1 <- nobody; ${aside}; 1 duplicate`,
  ],
  [
    "an id 1 ms before the watermark is forgotten",
    `12:07:59.999 view v1; ${at1208}; 12:09 view v1`,
    `v1 <- nobody; v1 <- nobody; ${aside}`,
  ],
  [
    "a click id exactly at the watermark is still known",
    `12:08 click c1; ${at1208}; 12:09 click c1`,
    `${aside}; 1 duplicate`,
  ],
  [
    "every click id exactly at the watermark is still known",
    `12:08 click c1; 12:08 click c2; ${at1208}; 12:10 click more u9; 12:09 view v1; 12:08 click c1; 12:08 click c2`,
    `v1 <- c2; ${aside}; 2 duplicate`,
  ],
  ["a click id 1 ms before the watermark is forgotten", `12:07:59.999 click c1; ${at1208}; 12:09 click c1`, aside],
  [
    "late comes before duplicate",
    `12:05 view v1; ${at1208}; 12:05 view v1`,
    `v1 <- nobody; ${aside}; late v1 at 12:08`,
  ],
];

export const unusable: readonly Scenario[] = [
  [
    "what is no JSON is rejected, and its partition goes on",
    '12:00 click c1; bad click {"click_id":; bad view nonsense; 12:10 view v1',
    'v1 <- c1; malformed {"click_id":; malformed nonsense',
  ],
  [
    "a missing field is rejected",
    '12:00 view v1; bad view {"event_id":"v2","event_time":"2024-01-01T12:00:00Z"}',
    "v1 <- nobody; malformed v2",
  ],
  [
    "a date that doesn't exist is rejected",
    '12:00 view v1; bad view {"event_id":"v2","user_id":"u1","event_time":"2023-02-29T12:00:00Z"}',
    "v1 <- nobody; malformed v2",
  ],
  [
    "a tombstone is ignored",
    "12:00 view v1; tombstone view; tombstone click; 12:01 view v2",
    "v1 <- nobody; v2 <- nobody; 2 ignored",
  ],
  ["an event time exactly the skew ahead of its record is fine", "12:10 view v1 @12:05", "v1 <- nobody"],
  ["an event time 1 ms less ahead is fine", "12:09:59.999 view v1 @12:05", "v1 <- nobody"],
  ["an event time 1 ms further ahead is from the future", "12:10:00.001 view v1 @12:05", "future v1"],
  [
    "records from the future don't make late what follows",
    "12:00 click c1; 12:00 view v1; 14:00 click c9 @12:01; 14:00 view v9 @12:01; 12:01 click c2; 12:02 view v2",
    "v1 <- c1; v2 <- c2; future c9 at 11:58; future v9 at 11:58",
  ],
  [
    "what is both from the future and late is from the future",
    `${at1208}; 12:00 view v1 @11:00`,
    `${aside}; future v1 at 12:08`,
  ],
];

/** What has to be remembered, and what others must not make forget. */
export const state: readonly Scenario[] = [
  [
    "the latest click behind the watermark is still there",
    "12:00 click c1; 12:01 click c2; 12:20 click c9 u9; 12:20 view v9 u9; 12:18:30 view v1; close; 12:25 view v2",
    "v1 <- c2; v9 <- c9; v2 <- c2",
  ],
  [
    "a click that only the watermark itself can reach is still there",
    `11:38 click c1; ${at1208}; 12:10 click more u9; 12:09 view v1; 12:08 view v2`,
    `v2 <- c1; v1 <- nobody; ${aside}`,
  ],
  [
    "a fast partition doesn't take the clicks of a slow one",
    "12:00 click c1; 15:00 click c2 u2 p1; 15:00 view v2 u2 p1; close; 15:05 click c3 u2 p1; 15:05 view v3 u2 p1; close; 12:20 view v1",
    "v1 <- c1; v2 <- c2; v3 <- c3",
  ],
  [
    "closing buckets early changes no answer",
    "12:00 click c1; close; 12:05 view v1; close; 12:04 click c2; close; 12:20 click c3; 12:20 view v3; close; 12:19 click c4; close; 12:19:30 view v4; close",
    "v1 <- c2; v4 <- c4; v3 <- c3",
  ],
];
