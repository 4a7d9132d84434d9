import type { Random } from "../../../localstack/generate/random.ts";
import type { Faults, RecordFault } from "../faults.ts";
import type { SimulatedRecord } from "./simulated-record.ts";

/** The first record is written then. */
export const trafficStart = Date.UTC(2024, 0, 1, 12);
const halfMinute = 30_000;

/** A record to be, before it is spoilt. */
export interface Draft {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly time: number | null;
}

export interface TrafficShape {
  readonly records: number;
  /** How far behind its writing an event time mostly lies at most, in half minutes; and seldom. */
  readonly behindMax: number;
  readonly lateMax: number;
  /** How far ahead of its writing a time may lie. */
  readonly maxFutureSkew: number;
  /** Whether a duplicate may go into another partition. */
  readonly wanders: boolean;
  readonly partitions: number;
  /** From a record of this topic on, all of its records come after it was made anew. */
  readonly anewTopics: readonly string[];
  /** `place` makes ids that are unique. `size`: of a text in it that is kept. */
  draft(place: number, time: number, size: number): Draft;
}

/** Traffic small enough for everything to collide: few users, times on a grid, and all that can be wrong with a record. */
export function drawTraffic(random: Random, faults: Faults, shape: TrafficShape): SimulatedRecord[] {
  const records: SimulatedRecord[] = [];
  const plain = new Map<string, Draft[]>();
  const anewFrom =
    shape.anewTopics.length > 0 && faults.strikes("topic anew", 8) ? random.integer(5, shape.records) : Infinity;
  let timestamp = trafficStart;
  for (let place = 0; place < shape.records; place++) {
    timestamp += random.pick([1, 1_000, 10_000, halfMinute, 2 * halfMinute]);
    const behind = random.integer(0, random.chance(0.15) ? shape.lateMax : shape.behindMax);
    const time = timestamp - (timestamp % halfMinute) - behind * halfMinute + random.pick([0, 0, 0, -1, 1]);
    const fault = faultOf(faults);
    const size = fault === "oversized record" ? random.integer(300, 5_000) : 0;
    const fresh = shape.draft(place, fault === "future record" ? aheadTime(random, timestamp, shape) : time, size);
    const earlier = plain.get(fresh.topic) ?? [];
    plain.set(fresh.topic, earlier);
    let draft: Omit<Draft, "value"> & { readonly value: string | Uint8Array | null } = fresh;
    if (fault && (fault !== "duplicate record" || earlier.length > 0)) faults.count(fault);
    if (fault === "duplicate record" && earlier.length > 0) {
      const again = random.pick(earlier);
      draft = shape.wanders ? { ...again, partition: random.integer(0, shape.partitions - 1) } : again;
    } else if (fault === "malformed record" || fault === "hostile record") {
      const spoil = random.pick(fault === "malformed record" ? malformed : hostile);
      draft = { ...fresh, value: spoil(fresh.value), time: null };
    } else {
      earlier.push(fresh);
    }
    records.push({ ...draft, place, timestamp, isAnew: place >= anewFrom && shape.anewTopics.includes(draft.topic) });
  }
  return records;
}

function faultOf(faults: Faults): RecordFault | undefined {
  if (faults.strikes("duplicate record", 8)) return "duplicate record";
  if (faults.strikes("malformed record", 2)) return "malformed record";
  if (faults.strikes("hostile record", 2)) return "hostile record";
  if (faults.strikes("future record", 2)) return "future record";
  return faults.strikes("oversized record", 2) ? "oversized record" : undefined;
}

/** About as far ahead as is allowed. */
function aheadTime(random: Random, timestamp: number, { maxFutureSkew }: TrafficShape): number {
  return timestamp + maxFutureSkew + random.pick([-1, 0, 1, 10 * halfMinute, 100 * halfMinute]);
}

type Spoil = (value: string) => string | Uint8Array | null;

const malformed: readonly Spoil[] = [
  (value) => value.slice(0, -1),
  (value) => `[${value}]`,
  () => "{}",
  () => "",
  // Ignored rather than rejected.
  () => null,
];

const hostile: readonly Spoil[] = [
  () => Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]),
  () => `{"a":${"[".repeat(2_000)}${"]".repeat(2_000)}}`,
  () => '{"__proto__":{"user_id":"u","event_id":"e"},"constructor":1}',
  () => "null",
  (value) => `\u0000${value}`,
];
