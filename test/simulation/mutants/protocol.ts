import type { PipelineName } from "../../../shared/settings/settings.ts";
import type { Mutant } from "./mutant.ts";

const joins: readonly PipelineName[] = ["attribution", "conversions"];
const keyed: readonly PipelineName[] = [...joins, "windows"];
const claim = "shared/runtime/claim.ts";
const processBatch = "shared/runtime/process-batch.ts";
const positionObjects = "shared/runtime/position-objects.ts";

/** Faults in the one loop: claims, progress, positions, position objects. */
export const protocolMutants: readonly Mutant[] = [
  {
    name: "a claim that is never taken over",
    file: claim,
    find: "if (own.claim) return open(",
    replace: "if (own.claim && engine === undefined) return open(",
    pipelines: ["attribution"],
  },
  {
    name: "a claim's end that is passed",
    file: claim,
    find: "placed.filter(({ position }) => comparePositions(position, claim.end) < 0)",
    replace: "placed.slice()",
    pipelines: ["attribution"],
  },
  {
    name: "a claim that goes with any progress",
    file: claim,
    find: "...(comparePositions(position, claim.end) < 0 && { claim }),",
    replace: "",
    pipelines: ["attribution"],
  },
  {
    name: "a claim without F and A",
    file: claim,
    find: "floor: laterOf(laterOf(closing.closed, closing.announced), own.floor),",
    replace: "floor: own.floor,",
    pipelines: ["attribution"],
  },
  {
    name: "a claim without its own floor",
    file: claim,
    find: "floor: laterOf(laterOf(closing.closed, closing.announced), own.floor),",
    replace: "floor: laterOf(closing.closed, closing.announced),",
    pipelines: ["attribution", "windows"],
  },
  {
    name: "progress that is stored whatever the row has become",
    file: claim,
    find: `  return outcome.kind === "committed";`,
    replace: `  if (outcome.kind === "conflict" && outcome.found) await commitRow(engine.store.progress, rowKey(engine.pipeline, source), { ...next, version: outcome.found.version });
  return true;`,
    pipelines: ["attribution"],
  },
  {
    name: "a floor that doesn't grow",
    file: claim,
    find: "floor: laterOf(row.floor, watermarkWith(engine, highest, claim)),",
    replace: "floor: row.floor,",
    pipelines: ["attribution"],
  },
  {
    name: "progress ahead of state",
    file: processBatch,
    find: "  const taken = await intake(opened, verdicts);",
    replace: `  await storeProgress(engine, opened, { position: endOf(opened), highest: laterOf(row.highest, verdicts.at(-1)?.highest), highestTimestamp: verdicts.at(-1)?.highestTimestamp ?? row.highestTimestamp, counts: noCounts });
  const taken = await intake(opened, verdicts);`,
    pipelines: ["attribution", "dedupe"],
  },
  {
    name: "an object that counts as made where its name was taken",
    file: positionObjects,
    find: `const isCreated = (await engine.objects.create(name, bytes)) === "created";`,
    replace: `const isCreated = (await engine.objects.create(name, bytes)) === "created" || true;`,
    pipelines: ["attribution"],
  },
  {
    name: "an object that is adopted without its end",
    file: positionObjects,
    find: "      position: found.position,\n",
    replace: "      position: reached.position,\n",
    pipelines: ["attribution"],
  },
  {
    name: "an object that is adopted without its M",
    file: positionObjects,
    find: "highest: laterOf(at.highest, found.highest),",
    replace: "highest: reached.highest,",
    pipelines: ["attribution"],
  },
  {
    name: "no object where a try ends before its claim",
    file: positionObjects,
    find: "if (isLast && left.rejections.length === 0",
    replace: "if (left.rejections.length === 0",
    pipelines: ["attribution"],
  },
  {
    name: "a redelivery that is taken for new",
    file: "shared/runtime/placing.ts",
    find: "return record.timestamp > highestTimestamp;",
    replace: "return record.timestamp >= highestTimestamp;",
    pipelines: keyed,
  },
  {
    name: "a topic made anew that is taken for a redelivery",
    file: "shared/runtime/placing.ts",
    find: "return record.timestamp > highestTimestamp;",
    replace: "return record.timestamp < 0;",
    pipelines: ["attribution"],
  },
];
