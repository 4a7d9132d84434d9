import type { Mutant } from "./mutant.ts";

const finalize = "shared/runtime/finalize.ts";

/** Faults in watermarks, floors and closings. */
export const watermarkMutants: readonly Mutant[] = [
  {
    name: "lateness off by one",
    file: "shared/core/watermark.ts",
    find: "return watermark !== undefined && time < watermark;",
    replace: "return watermark !== undefined && time <= watermark;",
    pipelines: ["attribution", "dedupe"],
  },
  {
    name: "an allowed lateness that is not allowed",
    file: "shared/core/watermark.ts",
    find: "laterOf(least - allowedLateness, floor)",
    replace: "laterOf(least - allowedLateness / 2, floor)",
    pipelines: ["attribution"],
  },
  {
    name: "a watermark before every source is seen",
    file: "shared/core/watermark.ts",
    find: "if (time === undefined) return floor;",
    replace: "if (time === undefined) continue;",
    pipelines: ["attribution"],
  },
  {
    name: "future by the record's own clock where it is the claim's",
    file: "shared/runtime/judge.ts",
    find: `settings.futureClock === "record" ? record.timestamp : claim.clock`,
    replace: "record.timestamp",
    pipelines: ["attribution"],
  },
  {
    name: "M that counts what is late",
    file: "shared/runtime/judge.ts",
    find: `    if (verdict.kind === "apply") highest = laterOf(highest, verdict.parsed.time);`,
    replace: `    if (verdict.kind === "apply" || verdict.kind === "reject") highest = laterOf(highest, (verdict as { parsed?: R }).parsed?.time) ?? highest;
    if (verdict.kind === "reject" && verdict.reason === "future") highest = claim.clock;`,
    pipelines: ["attribution"],
  },
  {
    name: "closing up to the watermark rather than to the floors",
    file: finalize,
    find: "const floors = rows.filter(({ idle }) => !idle).map(({ floor }) => floor);",
    replace: "const floors = rows.filter(({ idle }) => !idle).map(({ highest }) => highest);",
    pipelines: ["attribution", "windows"],
  },
  {
    name: "closing up to the greatest floor",
    file: finalize,
    find: "floors.reduce(earlierOf)",
    replace: "floors.reduce(laterOf)",
    pipelines: ["attribution", "windows"],
  },
  {
    name: "F that is raised before the object stands",
    file: finalize,
    find: "      const rows = await closeBucket(engine, partition, end, lists, finalRows);\n      finals += rows;\n      closing = await raiseClosed(engine, scope, closing, end, rows);",
    replace:
      "      closing = await raiseClosed(engine, scope, closing, end, 0);\n      finals += await closeBucket(engine, partition, end, lists, finalRows);",
    pipelines: ["attribution", "windows"],
  },
  {
    name: "due lists that are removed before the object stands",
    file: finalize,
    find: "    if (!isClosed(closing, end)) {",
    replace: "    await store.due.remove(lists);\n    if (!isClosed(closing, end)) {",
    pipelines: ["attribution", "windows"],
  },
  {
    name: "the bucket that is still open closes too",
    file: finalize,
    find: "return time === undefined ? undefined : { time, closing };",
    replace: "return time === undefined ? undefined : { time: time + pipeline.finalInterval, closing };",
    pipelines: ["attribution"],
  },
  {
    name: "a closing that doesn't wait for changes of the table",
    file: finalize,
    find: "held = earlierOf(held, watermarkOf(peers, pipeline.allowedLateness, floor));",
    replace: "void peers, floor;",
    pipelines: ["engagement"],
  },
  {
    name: "a position that moves without the time of its record",
    file: "shared/runtime/claim.ts",
    find: "highestTimestamp, placed[0]?.record.timestamp ?? -1),",
    replace: "highestTimestamp),",
    pipelines: ["engagement"],
  },
  {
    name: "due lists of one bucket that close one by one",
    file: finalize,
    find: "    if (bucket.length > 0 && bucket[0]?.bucketEnd !== list.bucketEnd) {",
    replace: "    if (bucket.length > 0) {",
    pipelines: ["attribution"],
  },
  {
    name: "a closing that isn't announced to idle sources",
    file: finalize,
    find: "announced: laterOf(closing.announced, until) };",
    replace: "announced: closing.announced };",
    pipelines: ["attribution"],
  },
  {
    name: "a handler that leaves its idle mark",
    file: "shared/runtime/claim.ts",
    find: "  if (own.idle) {",
    replace: "  if (own.idle && own.version < 0) {",
    pipelines: ["attribution"],
  },
];
