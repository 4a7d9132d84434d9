import { comparePositions, type Position } from "../../../shared/core/position.ts";
import type { Row } from "../../../shared/core/row.ts";
import { type Claim, type PartitionRow, readRow } from "../../../shared/runtime/partition-row.ts";
import type { PlacedRecord } from "../topics.ts";
import type { CheckerOf, Watched } from "./checker.ts";
import { oracleLine, placeOf, rejectionsByPlace } from "./stored-rows.ts";

/** What a claim was made over: from `next` on, with M as it stood there. */
interface Claimed {
  readonly row: PartitionRow;
  readonly claim: Claim;
}

interface SourceLog {
  readonly claims: Claimed[];
  /** M, as it was stored with a next position. */
  readonly stored: PartitionRow[];
}

/**
 * Invariants 1 and 2: every record is judged by its log and its claim alone. Judges all of them anew, by the claims as they stood in the
 * rows, and compares with what was rejected, and with M as it was stored.
 */
export const verdictsFollowTheClaims: CheckerOf = (world, fail) => {
  const sources = new Map<string, SourceLog>();
  return {
    name: "verdicts follow the claims",
    onWritten(table, document, before) {
      if (table !== "progress" || !document.key.startsWith("row|") || document.key.includes("|backfill|")) return;
      const row = readRow(document);
      const source = sources.get(document.key) ?? { claims: [], stored: [] };
      sources.set(document.key, source);
      source.stored.push(row);
      const earlier = before && readRow(before).claim;
      if (row.claim && JSON.stringify(earlier) !== JSON.stringify(row.claim))
        source.claims.push({ row, claim: row.claim });
    },
    atEnd() {
      const rejections = rejectionsByPlace(world);
      for (const [key, source] of sources) judgeSource(world, key, source, rejections, fail);
    },
  };
};

function judgeSource(
  world: Watched,
  key: string,
  { claims, stored }: SourceLog,
  rejections: ReadonlyMap<string, readonly Row[]>,
  fail: (message: string) => void,
): void {
  const { pipeline, settings, topics, running } = world;
  const [, , topic = "", partition] = key.split("|");
  const isTable = running.tables.includes(topic);
  const records = topics.all.filter((record) => record.topic === topic && record.partition === Number(partition));
  const { fates } = pipeline.judge(records.map(oracleLine), settings);
  const positions = positionsOf(records);
  const lateness = "allowedLateness" in settings ? settings.allowedLateness : 0;
  let highest: number | undefined;
  const reached: { position: Position; highest: number | undefined }[] = [];
  records.forEach((record, at) => {
    const position = positions[at] as Position;
    const claimed = claims.findLast(({ row, claim }) => isWithin(position, row.next, claim.end));
    if (!claimed) {
      fail(`${placeOf(record)} is in no claim`);
      return;
    }
    const { peers, floor, clock } = claimed.claim;
    const counting = isTable ? peers : [highest, ...peers];
    const least =
      counting.includes(undefined) || counting.length === 0
        ? undefined
        : Math.min(...(counting as number[])) - lateness;
    const watermark = least === undefined ? floor : Math.max(least, floor ?? least);
    const { time } = record.of;
    const isReadable = fates[at]?.reason !== "malformed" && fates[at]?.fate !== "ignored";
    const isFuture =
      isReadable && time !== null && time > clock + ("maxFutureSkew" in settings ? settings.maxFutureSkew : 0);
    const isLate =
      isReadable && !isFuture && time !== null && watermark !== undefined && pipeline.isLate(time, watermark, settings);
    if (isReadable && !isFuture && !isLate && time !== null) highest = Math.max(highest ?? time, time);
    reached.push({ position, highest });
    const wanted = isFuture ? "future" : isLate ? "late" : undefined;
    const row = rejections.get(placeOf(record))?.[0];
    const found = row?.reason === "future" || row?.reason === "late" ? row.reason : undefined;
    const mayBeKnown = wanted === "late" && pipeline.remembersForEver && !row;
    if (isReadable && wanted !== found && !mayBeKnown)
      fail(
        `${placeOf(record)} is to be ${wanted ?? "taken"} by its claim, and is ${found ?? "taken"}; watermark ${watermark}, time ${time}`,
      );
    if (found && row?.watermark !== (watermark ?? null))
      fail(`${placeOf(record)} was judged at ${row?.watermark}, not at ${watermark}`);
  });
  for (const { next, highest } of stored) {
    const upTo = reached.findLast(({ position }) => comparePositions(position, next) < 0);
    if (highest !== upTo?.highest)
      fail(`${key}: M is ${highest} at ${next.epoch}-${next.offset}, to be ${upTo?.highest}`);
  }
}

function isWithin(position: Position, from: Position, end: Position): boolean {
  return comparePositions(position, from) >= 0 && comparePositions(position, end) < 0;
}

/** Where records stand, told by their offsets alone. */
function positionsOf(records: readonly PlacedRecord[]): Position[] {
  let next: Position = { epoch: 0, offset: 0 };
  return records.map(({ offset }) => {
    const position = { epoch: next.epoch + Number(offset < next.offset), offset };
    next = { ...position, offset: offset + 1 };
    return position;
  });
}
