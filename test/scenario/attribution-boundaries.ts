import { aside, at1208, lateness, type Scenario } from "../support/scenario.ts";

/** Both ends of the attribution window. */
export const window: readonly Scenario[] = [
  ["a click 1 ms less than the window old counts", "12:00 click c1; 12:29:59.999 view v1", "v1 <- c1"],
  ["a click exactly the window old counts", "12:00 click c1; 12:30 view v1", "v1 <- c1"],
  ["a click 1 ms more than the window old doesn't", "12:00 click c1; 12:30:00.001 view v1", "v1 <- nobody"],
  [
    "a click that comes late, 1 ms less than the window old, counts",
    "12:29:59.999 view v1; 12:00 click c1",
    "v1 <- c1",
  ],
  ["a click that comes late, exactly the window old, counts", "12:30 view v1; 12:00 click c1", "v1 <- c1"],
  [
    "a click that comes late, 1 ms more than the window old, doesn't",
    "12:30:00.001 view v1; 12:00 click c1",
    "v1 <- nobody",
  ],
  ["a click of the page view's own millisecond counts", "12:10 click c1; 12:10 view v1", "v1 <- c1"],
  ["a click of the page view's own millisecond counts, coming after it", "12:10 view v1; 12:10 click c1", "v1 <- c1"],
  ["a click 1 ms before the page view counts", "12:09:59.999 click c1; 12:10 view v1", "v1 <- c1"],
  ["a click 1 ms after the page view doesn't", "12:10:00.001 click c1; 12:10 view v1", "v1 <- nobody"],
  [
    "with a window of 0 only the same millisecond counts",
    "12:10 click c1; 12:10 view v1; 12:10:00.001 view v2",
    "v1 <- c1; v2 <- nobody",
    { attributionWindow: 0 },
  ],
];

/** Late is what lies before the watermark; equal is on time. */
export const watermark: readonly Scenario[] = [
  ["a page view 1 ms before the watermark is late", `${at1208}; 12:07:59.999 view v1`, `${aside}; late v1 at 12:08`],
  ["a page view exactly at the watermark is on time", `${at1208}; 12:08 view v1`, `v1 <- nobody; ${aside}`],
  ["a page view 1 ms after the watermark is on time", `${at1208}; 12:08:00.001 view v1`, `v1 <- nobody; ${aside}`],
  [
    "a click 1 ms before the watermark is late",
    `12:08 view v1; ${at1208}; 12:07:59.999 click c1`,
    `v1 <- nobody; ${aside}; late c1 at 12:08`,
  ],
  ["a click exactly at the watermark is on time", `12:08 view v1; ${at1208}; 12:08 click c1`, `v1 <- c1; ${aside}`],
  ["a page view at the watermark can still be won", `${at1208}; 12:08 view v1; 12:08 click c1`, `v1 <- c1; ${aside}`],
  [
    "a click 1 ms after the watermark is on time",
    `12:08:00.001 view v1; ${at1208}; 12:08:00.001 click c1`,
    `v1 <- c1; ${aside}`,
  ],
  ["nothing is late while only clicks were seen", "12:10 click c2; 11:00 click c1; 11:01 view v1", "v1 <- c1"],
  ["nothing is late while only page views were seen", "12:10 view v2; 11:00 view v1", "v1 <- nobody; v2 <- nobody"],
  [
    "the slower topic holds the watermark back",
    "12:10 click c1; 12:40 view v1; 12:08 view v2; 12:08 click c2",
    "v2 <- c2; v1 <- c1",
  ],
  [
    "a record doesn't move the watermark that it is judged by",
    "12:00 click c1; 12:00 view v1; 12:30 click c2; 12:30 view v2; 12:28 view v3",
    "v1 <- c1; v3 <- c1; v2 <- c2",
  ],
  [
    "an older record on time doesn't move the watermark back",
    `${at1208}; 12:08 click c1; 12:08 view v1; 12:07:59.999 view v2`,
    `v1 <- c1; ${aside}; late v2 at 12:08`,
  ],
  [
    "what is late in one partition is on time in another",
    `${at1208}; 12:00 view v1 p1; 12:00 view v2 p0`,
    `v1 <- nobody; ${aside}; late v2 at 12:08`,
  ],
  [
    "with a lateness of 0 the highest event time is the watermark",
    "12:10 click c1; 12:10 view v1; 12:10 view v2; 12:09:59.999 view v3",
    "v1 <- c1; v2 <- c1; late v3 at 12:10",
    lateness(0),
  ],
];
