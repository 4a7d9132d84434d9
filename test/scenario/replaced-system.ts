import { lateness, type Scenario } from "../support/scenario.ts";

/** The tests of the system that this one replaces, by their names there; where it was wrong, the answer is the right one. */
export const replaced: readonly Scenario[] = [
  [
    "OutOfOrder.clicksLatestByEventTimeWins",
    "12:10 click click_late; 12:05 click click_early; 12:15 view pv1",
    "pv1 <- click_late",
    lateness(5),
  ],
  [
    "OutOfOrder.pageViewsProcessedSeparately",
    "12:05 click click1; 12:15 view pv_late; 12:10 view pv_early",
    "pv_early <- click1; pv_late <- click1",
    lateness(5),
  ],
  [
    "LateData.lateClickIsDropped: kept, but beaten",
    "12:10 click new_click; 12:05 click late_click; 12:11:40 view pv1",
    "pv1 <- new_click",
    lateness(1),
  ],
  [
    "LateData.latePageViewIsDropped: rejected",
    "12:10 click click_new; 12:11 view pv_on_time; 12:05 view pv_late",
    "pv_on_time <- click_new; late pv_late at 12:09",
    lateness(1),
  ],
  [
    "Restart.fromCommittedOffsets: the click outlives the restart",
    "12:00 click click_1; 12:05 view pv_1; 12:10 view pv_2",
    "pv_1 <- click_1; pv_2 <- click_1",
  ],
  [
    "ConcurrentPartitions.isolation",
    "12:05 click click1_p0 u1 p0; 12:06:40 click click1_p1 u2 p1; 12:08:20 view pv1_p1 u2 p1; 12:10 view pv1_p0 u1 p0",
    "pv1_p1 <- click1_p1; pv1_p0 <- click1_p0",
    lateness(5),
  ],
  [
    "Duplicates",
    "12:10 view pv1; 12:09 click click_1; 12:09 click click_1",
    "pv1 <- click_1; 1 duplicate",
    lateness(15),
  ],
  [
    "JoinEngine.veryLate: exactly at the watermark, and beaten",
    "12:10 click new; 12:10:01 view pv; 12:05 click late",
    "pv <- new",
    lateness(5),
  ],
  [
    "Tracker: the slower topic less the lateness",
    "12:10 click c1; 12:05 view v1; 12:00 view v2; 11:59:59.999 view v3",
    "v2 <- nobody; v1 <- nobody; late v3 at 12:00",
    lateness(5),
  ],
  [
    "Tracker: six minutes behind both topics is late",
    "12:10 click c1; 12:10 view v1; 12:04 view v2",
    "v1 <- c1; late v2 at 12:05",
    lateness(5),
  ],
  [
    "metrics_reference",
    "12:10 view pv_1; 12:03 click c_1; 12:05 click c_2; 12:12 view pv_2",
    "pv_1 <- c_2; pv_2 <- c_2",
  ],
  ["two_clicks_then_pageview", "12:00 click c_1; 12:05 click c_2; 12:10 view pv_1", "pv_1 <- c_2"],
  ["pageview_then_two_clicks", "12:10 view pv_1; 12:00 click c_1; 12:05 click c_2", "pv_1 <- c_2"],
  ["late_click: nothing is late on a fresh start", "12:10 click c_1; 12:03 click c_2; 12:11 view pv_1", "pv_1 <- c_1"],
  [
    "late_pageview: nothing is late on a fresh start",
    "12:20 view pv_1; 12:05 view pv_2",
    "pv_2 <- nobody; pv_1 <- nobody",
  ],
  [
    "the last four in a row: three records are late",
    `12:00 click c_1; 12:05 click c_2; 12:10 view pv_1
     12:10 view pv_2; 12:00 click c_3; 12:05 click c_4
     12:10 click c_5; 12:03 click c_6; 12:11 view pv_3
     12:20 view pv_4; 12:05 view pv_5`,
    "pv_1 <- c_5; pv_2 <- c_5; pv_3 <- c_5; pv_4 <- c_5; late c_3 at 12:03; late c_6 at 12:08; late pv_5 at 12:08",
  ],
];
