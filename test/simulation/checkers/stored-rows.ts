import type { Row } from "../../../shared/core/row.ts";
import { rejectedEvents } from "../../../shared/runtime/rejections.ts";
import { jsonRowsOf } from "../../support/json-row-format.ts";
import type { OracleLine } from "../../support/oracle/judge-records.ts";
import type { PlacedRecord } from "../topics.ts";
import type { Watched } from "./checker.ts";

/** The rows of all objects under a prefix. */
export function rowsUnder({ objects }: Pick<Watched, "objects">, prefix: string): Row[] {
  return [...objects].filter(([name]) => name.startsWith(prefix)).flatMap(([, bytes]) => jsonRowsOf(bytes));
}

/** The rejections, by the place of their records. */
export function rejectionsByPlace(world: Watched): Map<string, Row[]> {
  const rows = rowsUnder(world, `${rejectedEvents}/`);
  return Map.groupBy(rows, ({ topic, partition, offset, timestamp }) => `${topic} ${partition} ${offset} ${timestamp}`);
}

/** Offsets come again in a topic that is made anew; timestamps don't. */
export function placeOf({ topic, partition, offset, timestamp }: PlacedRecord): string {
  return `${topic} ${partition} ${offset} ${timestamp}`;
}

/** A record as the oracles read it: with an offset that it shares with none of its partition. */
export function oracleLine({ topic, partition, offset, timestamp, value, generation }: PlacedRecord): OracleLine {
  const payload = value === null ? null : Buffer.from(value).toString();
  return { topic, partition, offset: generation * 1_000_000 + offset, ts: timestamp, payload };
}
