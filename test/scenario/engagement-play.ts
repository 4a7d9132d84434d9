import { expect } from "vitest";
import { contentViews, topContent } from "../../functions/content-views.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import type { Row } from "../../shared/core/row.ts";
import { type EngagementSettings, engagement } from "../../shared/pipelines/engagement/engagement.ts";
import { waitingScope } from "../../shared/runtime/keys.ts";
import { runFacts } from "../../shared/runtime/running-pipeline.ts";
import { byEntity, messageOf } from "../support/engagement-revisions.ts";
import { expectSame } from "../support/expect-oracle-answer.ts";
import { jsonRowsOf } from "../support/json-row-format.ts";
import {
  type EngagementAnswer,
  judgeEngagement,
  type EngagementSettings as OracleSettings,
} from "../support/oracle/engagement-oracle.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";
import { type Cut, expectAnswer, kindsOfFate, playThrough, type Togetherness } from "./oracle-play.ts";

export type Settings = EngagementSettings & OracleSettings;

type EngagementWorld = PipelineWorld<ReturnType<typeof engagement>>;

/** Partitions are worked on side by side: nothing of one counts in another. */
export const sameTopic: Togetherness = (record, next) => record.topic === next.topic;

/** Of an id that comes in two partitions the first counts. */
export const sameTopicAndPartition: Togetherness = (record, next) =>
  record.topic === next.topic && record.partition === next.partition;

/** Plays an input, and holds everything that can be seen of it against the oracle's answer. @returns all kinds of fates. */
export async function expectOracleAnswer(
  settings: Settings,
  lines: readonly RecordLine[],
  cut: Cut,
  areTogether: Togetherness,
): Promise<string[]> {
  const { partitions, maxFutureSkew } = settings;
  const world: EngagementWorld = new PipelineWorld({
    pipeline: engagement(settings),
    run: runFacts,
    settings: { partitions, maxFutureSkew },
  });
  await playThrough(world, lines, cut, areTogether);
  const answer = judgeEngagement(lines, settings);
  await expectAnswer(world, answer);
  await expectRowsInOrder(world);
  expectOutputs(world, answer);
  await expectViews(world, answer);
  const watermarks = (await world.running.progress()).map(({ name, watermark = null }) => [name, watermark]);
  expect(Object.fromEntries(watermarks)).toEqual(answer.watermarks);
  for (let partition = 0; partition < partitions; partition++) expect(await world.dueLists(partition)).toBe(0);
  expect(await waitingLists(world, contentIdsIn(lines))).toEqual([]);
  world.end();
  return kindsOfFate(answer);
}

/** In every object: by time, then by content, then by id. */
async function expectRowsInOrder({ objects }: EngagementWorld): Promise<void> {
  for await (const name of objects.list("events_enriched/")) {
    const places = jsonRowsOf((await objects.read(name)) ?? new Uint8Array()).map(placeOf);
    expect(places, name).toEqual(places.toSorted(comparePlaces));
  }
}

function placeOf({ event_ts, content_id, event_id }: Row): bigint[] {
  return [event_ts, content_id, event_id].map((value) => BigInt(value ?? -1));
}

function comparePlaces(a: readonly bigint[], b: readonly bigint[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at === -1 ? 0 : (a[at] as bigint) < (b[at] as bigint) ? -1 : 1;
}

/** All that any record may be about. */
function contentIdsIn(lines: readonly RecordLine[]): string[] {
  return lines.flatMap(({ key }) => /"content_id":\s*(-?\d+)/.exec(key ?? "")?.[1] ?? []);
}

/** Every revision as the oracle has it, event by event in its order: as an output, and as a message to the topic. */
function expectOutputs(world: EngagementWorld, { outputs }: EngagementAnswer): void {
  const found = world.emitted().map(({ output, message }) => ({ entity: output.entity, output, message }));
  const wanted = outputs.map((output) => ({ entity: output.entity, output, message: messageOf(output) }));
  expectSame("outputs", byEntity(found), byEntity(wanted));
}

/** The contents that facts still wait for, by partition: `0 1`, one for each list that names any. */
export async function waitingLists(
  { store, settings, running }: Pick<EngagementWorld, "store" | "settings" | "running">,
  contentIds: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (let partition = 0; partition < settings.partitions; partition++) {
    for (const contentId of new Set(contentIds)) {
      const lists = store.due.upTo(waitingScope(running, partition, contentId), Number.MAX_SAFE_INTEGER);
      for await (const _ of lists) found.push(`${partition} ${contentId}`);
    }
  }
  return found;
}

const minute = 60_000;

/** As the API shows them where nothing is too old. */
async function expectViews({ store, settings }: EngagementWorld, { rows, views }: EngagementAnswer): Promise<void> {
  const { partitions } = settings;
  const shown = contentViews({ store, partitions, clock: undefined });
  for (const contentId of ["1", "2", "3", ...Object.keys(views.content)]) {
    const minutes = (await shown.minutes(contentId)).map(({ minute, count }) => [minute, count]);
    const found = {
      count: await shown.count(contentId),
      last: await shown.last(contentId),
      minutes: Object.fromEntries(minutes),
    };
    expect(found, `content ${contentId}`).toEqual(
      views.content[contentId] ?? { count: 0, last: undefined, minutes: {} },
    );
    expect(Object.keys(found.minutes)).toEqual(Object.keys(found.minutes).sort());
  }
  const newest = Math.max(0, ...rows.map(({ event_ts }) => event_ts));
  const latest = newest - (newest % minute);
  expect(await topContent(store, partitions, latest, 10, Number.POSITIVE_INFINITY)).toEqual(views.top);
}
