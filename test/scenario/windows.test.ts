import { describe, expect, it } from "vitest";
import { rowsOf } from "../support/arrivals.ts";
import { ways } from "../support/play.ts";
import { play, played, type Scenario, shown } from "./windows-play.ts";
import { amounts, boundaries, duplicates, partitions, unusable, watermark } from "./windows-rules.ts";

describe.each(ways)("windows, %s", (way) => {
  const scenarios = [...boundaries, ...amounts, ...duplicates, ...watermark, ...partitions, ...unusable];
  it.each(scenarios)("%s", async (_, arrivals, answer, settings) => {
    expect(await play(arrivals, settings, way)).toEqual(rowsOf(answer));
  });
});

describe("windows, revision by revision", () => {
  const revisions: Scenario[] = [
    [
      "every event that comes in makes one",
      "12:11 a 0.1; 12:12 b 0.2; 12:10 c -1",
      "1: u1 12:10 1 of 0.1 (0.1 to 0.1); 2: u1 12:10 2 of 0.3 (0.1 to 0.2); 3: u1 12:10 3 of -0.7 (-1 to 0.2)",
    ],
    ["an event of amount 0 makes one", "12:11 a 1; 12:11 b null", "1: u1 12:10 1; 2: u1 12:10 2 of 1 (0 to 1)"],
    ["a duplicate makes none", "12:11 a; 12:11 a; 12:12 a 5", "1: u1 12:10 1"],
    [
      "each window counts its own",
      "12:11 a; 12:15 b; 12:12 c; 12:11 d u2",
      "1: u1 12:10 1; 1: u1 12:15 1; 2: u1 12:10 2; 1: u2 12:10 1",
    ],
    [
      "becoming final makes none",
      "12:11 a; 12:40 b; close; 12:41 c; close",
      "1: u1 12:10 1; 1: u1 12:40 1; 2: u1 12:40 2",
    ],
    [
      "what was rejected makes none",
      "12:40 a; 12:11 late; bad nonsense; tombstone; 13:00 future @12:41",
      "1: u1 12:40 1",
    ],
  ];

  it.each(revisions)("%s", async (_, arrivals, emitted, settings) => {
    const world = await played(arrivals, settings ?? {}, "cut after every row, with a restart");
    const outputs = world.revisions().map(({ revision, body }) => `${revision}: ${shown(body)}`);
    expect(outputs).toEqual(rowsOf(emitted));
  });

  it("all that one delivery changes in a window is one", async () => {
    const world = await played("12:11 a; 12:12 b; 12:11 c u2; 12:13 d; 12:11 a", {}, "whole");
    expect(world.revisions().map(({ revision, body }) => `${revision}: ${shown(body)}`)).toEqual([
      "1: u1 12:10 3",
      "1: u2 12:10 1",
    ]);
  });
});
