import { describe, expect, it } from "vitest";
import { rowToJson } from "../../shared/core/row.ts";
import { attributedEventColumns } from "../../shared/pipelines/conversions/conversions.ts";
import { rowsOf } from "../support/arrivals.ts";
import { ways } from "../support/play.ts";
import { play, played, playRevisions, type Scenario } from "./conversions-play.ts";
import { duplicates, lastClick, replaced, state, unusable, watermark, window } from "./conversions-rules.ts";

describe.each(ways)("conversions, %s", (way) => {
  const scenarios = [...replaced, ...lastClick, ...window, ...watermark, ...duplicates, ...unusable, ...state];
  it.each(scenarios)("%s", async (_, arrivals, answer, settings) => {
    expect(await play(arrivals, settings, way)).toEqual(rowsOf(answer));
  });
});

describe("conversions, revision by revision", () => {
  const revisions: Scenario[] = [
    [
      "a conversion goes out at once, and again with each better click",
      "12:05 conversion v1 shoes; 12:02 click c2 shoes; 12:01 click c1 shoes; 12:03 click c3 shoes",
      "v1 <- nobody (revision 1); v1 <- c2 (revision 2); v1 <- c3 (revision 3)",
    ],
    [
      "duplicates and clicks of other campaigns make no revision",
      "12:05 conversion v1 shoes; 12:03 click c1 shoes; 12:03 click c1 shoes; 12:04 click c2 hats; 12:05 conversion v1 shoes",
      "v1 <- nobody (revision 1); v1 <- c1 (revision 2)",
    ],
    [
      "one click may revise the conversions of its campaign, and no others",
      "12:04 conversion v1 shoes; 12:04 conversion v2 hats; 12:05 conversion v3 shoes; 12:03 click c1 shoes",
      "v1 <- nobody (revision 1); v2 <- nobody (revision 1); v3 <- nobody (revision 1); v1 <- c1 (revision 2); v3 <- c1 (revision 2)",
    ],
    [
      "becoming final is no revision",
      "12:00 click c1 shoes; 12:01 conversion v1 shoes; 12:30 click c2 shoes; close; 12:31 click c3 shoes; close",
      "v1 <- c1 (revision 1)",
    ],
    ["what was rejected emits nothing", "12:10:00.001 conversion v1 shoes @12:05; value nonsense; tombstone", ""],
  ];

  it.each(revisions)("%s", async (_, arrivals, emitted, settings) => {
    expect(await playRevisions(arrivals, settings)).toEqual(rowsOf(emitted));
  });
});

describe("what comes out", () => {
  const arrivals = "12:00 click c1 shoes; 12:00:04 conversion v1 shoes 99.990; 12:00:05 conversion v2 hats 0";
  const credited = {
    event_type: "attributed_conversion",
    conversion_id: "v1",
    click_id: "c1",
    user_id: "u1",
    ad_id: "ad_of_c1",
    campaign_id: "shoes",
    source: "search",
    conversion_type: "purchase",
    value: "99.990",
    click_time: "2024-01-01T12:00:00Z",
    conversion_time: "2024-01-01T12:00:04Z",
    attribution_window_hours: 24,
    attributed: true,
    revision: 1,
    final: false,
  };
  const uncredited = {
    ...credited,
    conversion_id: "v2",
    click_id: null,
    ad_id: null,
    campaign_id: "hats",
    source: "shop",
    value: "0",
    click_time: null,
    conversion_time: "2024-01-01T12:00:05Z",
    attributed: false,
  };

  it("is one message per revision, keyed by the user, with the columns in their order", async () => {
    const world = await played(arrivals);
    const emitted = world.emitted();
    expect(emitted.map(({ output }) => output)).toEqual([
      {
        ...{ id: "conversions:v1:1", pipeline: "conversions", entity: "v1", revision: 1, final: false },
        body: credited,
      },
      {
        ...{ id: "conversions:v2:1", pipeline: "conversions", entity: "v2", revision: 1, final: false },
        body: uncredited,
      },
    ]);
    expect(emitted.map(({ message }) => message)).toEqual([
      {
        ...{ id: "conversions:v1:1", topic: "attributed-events", key: "u1" },
        ...{ value: JSON.stringify(credited), timestamp: Date.parse("2024-01-01T12:00:04Z") },
      },
      {
        ...{ id: "conversions:v2:1", topic: "attributed-events", key: "u1" },
        ...{ value: JSON.stringify(uncredited), timestamp: Date.parse("2024-01-01T12:00:05Z") },
      },
    ]);
    world.end();
  });

  it.each([
    ["while its state holds it", arrivals],
    ["once it waits beside the state", `${arrivals}; 12:08 click c8 bags; 12:09 click c9 bags`],
  ])("is one final row per conversion, the same %s", async (_, all) => {
    const world = await played(all, {}, "cut after every row, with a restart");
    await world.settle("end");
    const finals = (await world.finals()).map((row) => rowToJson(attributedEventColumns, row));
    expect(finals).toEqual([
      { ...credited, final: true },
      { ...uncredited, final: true },
    ]);
    world.end();
  });

  it("tells the window in hours, also where it is no whole number of them", async () => {
    const world = await played(arrivals, { attributionWindow: 5_400_000 });
    expect(world.revisions().map(({ body }) => body.attribution_window_hours)).toEqual([1.5, 1.5]);
    world.end();
  });
});
