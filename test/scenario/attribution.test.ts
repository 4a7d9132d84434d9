import { describe, expect, it } from "vitest";
import { rowsOf } from "../support/arrivals.ts";
import { play, playRevisions, ways } from "../support/play.ts";
import { lateness, type Scenario } from "../support/scenario.ts";
import { watermark, window } from "./attribution-boundaries.ts";
import { duplicates, lastClick, state, unusable } from "./attribution-rules.ts";
import { replaced } from "./replaced-system.ts";

describe.each(ways)("attribution, %s", (way) => {
  const scenarios = [...lastClick, ...window, ...watermark, ...duplicates, ...unusable, ...state, ...replaced];
  it.each(scenarios)("%s", async (_, arrivals, answer, settings) => {
    expect(await play(arrivals, settings, way)).toEqual(rowsOf(answer));
  });
});

describe("attribution, revision by revision", () => {
  const revisions: Scenario[] = [
    [
      "Duplicates: the second click makes no third revision",
      "12:10 view v1; 12:09 click c1; 12:09 click c1",
      "v1 <- nobody (revision 1, no-click); v1 <- c1 (revision 2, better-click)",
      lateness(15),
    ],
    [
      "metrics_reference: two emitted, two updated",
      "12:10 view v1; 12:03 click c1; 12:05 click c2; 12:12 view v2",
      "v1 <- nobody (revision 1, no-click); v1 <- c1 (revision 2, better-click); v1 <- c2 (revision 3, better-click); v2 <- c2 (revision 1, click)",
    ],
    [
      "two_clicks_then_pageview: one emitted, none updated",
      "12:00 click c1; 12:05 click c2; 12:10 view v1",
      "v1 <- c2 (revision 1, click)",
    ],
    [
      "a click that doesn't win makes no revision",
      "12:05 click c2; 12:10 view v1; 12:04 click c1; 12:11 click c3",
      "v1 <- c2 (revision 1, click)",
    ],
    [
      "one click may revise many page views",
      "12:05 view v1; 12:10 view v2; 12:05 click c1",
      "v1 <- nobody (revision 1, no-click); v2 <- nobody (revision 1, no-click); v1 <- c1 (revision 2, better-click); v2 <- c1 (revision 2, better-click)",
    ],
    [
      "becoming final is no revision",
      "12:05 click c1; 12:10 view v1; 12:30 click c2; 12:30 view v2; close; 12:31 view v3; close",
      "v1 <- c1 (revision 1, click); v2 <- c2 (revision 1, click); v3 <- c2 (revision 1, click)",
    ],
    ["what was rejected emits nothing", "12:10:00.001 view v1 @12:05; bad view nonsense; tombstone view", ""],
  ];

  it.each(revisions)("%s", async (_, arrivals, emitted, settings) => {
    expect(await playRevisions(arrivals, settings)).toEqual(rowsOf(emitted));
  });
});
