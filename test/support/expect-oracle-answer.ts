import { expect } from "vitest";
import { rowToJson } from "../../shared/core/row.ts";
import { attributedPageViewColumns } from "../../shared/pipelines/attribution/attribution.ts";
import type { OracleAnswer } from "./oracle/attribution-oracle.ts";
import type { World } from "./world.ts";

/** Holds what a world has made of its input, which has ended, against what the oracle makes of it. */
export async function expectAnswerOf(world: World, oracle: OracleAnswer): Promise<void> {
  const finals = await world.finals();
  const rows = finals.map(({ revision: _, ...row }) => row);
  expectSame("final rows", rows, oracle.rows);
  const rejections = (await world.rejections()).map(({ topic, partition, offset, reason, watermark }) => {
    return { topic, partition, offset, fate: "rejected", reason, watermark };
  });
  const rejected = oracle.fates.filter(({ fate }) => fate === "rejected");
  expectSame("rejections", rejections, rejected);
  expect(await world.counts()).toEqual(oracle.counts);
  expectRevisionsToLeadTo(world, finals);
}

/** The revisions of each page view are 1, 2, 3 and so on, and the last says what its final row says. */
function expectRevisionsToLeadTo(world: World, finals: Awaited<ReturnType<World["finals"]>>): void {
  const histories = Map.groupBy(world.revisions(), ({ entity, body }) => {
    // Of an id that was forgotten and came again there are two page views, at different times.
    return `${entity} ${body.event_time}`;
  });
  const lasts = Array.from(histories, ([name, history]) => {
    const revisions = history.map(({ revision }) => revision);
    expect(revisions, `revisions of ${name}`).toEqual(history.map((_, i) => i + 1));
    return { ...history.at(-1)?.body, final: true };
  });
  const finalBodies = finals.map((row) => rowToJson(attributedPageViewColumns, row));
  expectSame("last revisions", lasts, finalBodies);
}

const shownMax = 5;

/** The same items in any order. Of thousands that differ a few are shown: a whole difference would take minutes to draw. */
export function expectSame(what: string, found: readonly object[], wanted: readonly object[]): void {
  const [foundTexts, wantedTexts] = [found.map(textOf), wanted.map(textOf)];
  const missing = without(wantedTexts, foundTexts).slice(0, shownMax);
  const tooMuch = without(foundTexts, wantedTexts).slice(0, shownMax);
  expect({ missing, tooMuch }, what).toEqual({ missing: [], tooMuch: [] });
}

function textOf(item: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(item).sort()));
}

function without(texts: readonly string[], taken: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const text of taken) left.set(text, (left.get(text) ?? 0) + 1);
  return texts.filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}
