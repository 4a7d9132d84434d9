import type { RejectionReason } from "../core/record.ts";
import { laterOf, type Watermark, watermarkOf } from "../core/watermark.ts";
import type { Pipeline, StreamRecord } from "../pipelines/pipeline.ts";
import type { Engine } from "./engine.ts";
import type { Claim } from "./partition-row.ts";
import type { PlacedRecord } from "./placing.ts";

/** What is to be done with a record. It depends on the log and the claim alone, so every try reaches the same. */
export type Verdict<R> = PlacedRecord & {
  /** As it stood just before the record. */
  readonly watermark: Watermark;
  /** The highest event time accepted, with the record. */
  readonly highest: Watermark;
} & (
    | { readonly kind: "apply"; readonly parsed: R }
    | { readonly kind: "ignore" }
    | {
        readonly kind: "reject";
        readonly reason: RejectionReason;
        readonly message: string;
        /** Of a late record, which may turn out to be known. */
        readonly parsed?: R;
      }
  );

/** A record that is on time and well-formed. */
export type Applicable<R> = Extract<Verdict<R>, { kind: "apply" }>;

/** Judges records in order, against the watermark as it moves with them. */
export function judge<R extends StreamRecord>(
  engine: Engine<Pipeline<R>>,
  placed: readonly PlacedRecord[],
  highestBefore: Watermark,
  claim: Claim,
): Verdict<R>[] {
  let highest = highestBefore;
  return placed.map((at) => {
    const watermark = watermarkWith(engine, highest, claim);
    const verdict = judgeOne(engine, at, watermark, claim);
    if (verdict.kind === "apply") highest = laterOf(highest, verdict.parsed.time);
    return { ...at, ...verdict, watermark, highest };
  });
}

/** The watermark that a claim's records are judged by, once `highest` is the highest event time of their own source. */
export function watermarkWith({ pipeline }: Engine, highest: Watermark, { peers, floor }: Claim): Watermark {
  const counting = pipeline.kind === "table" ? peers : [highest, ...peers];
  return watermarkOf(counting, pipeline.allowedLateness, floor);
}

function judgeOne<R extends StreamRecord>(
  { pipeline, settings }: Engine<Pipeline<R>>,
  { record }: PlacedRecord,
  watermark: Watermark,
  claim: Claim,
) {
  if (record.value === null) return { kind: "ignore" } as const;
  const parsed = pipeline.parse(record.topic, record.value);
  if (parsed.kind === "ignored") return { kind: "ignore" } as const;
  if (parsed.kind === "rejected") return { kind: "reject", reason: parsed.reason, message: parsed.message } as const;
  const { time } = parsed.record;
  const clock = settings.futureClock === "record" ? record.timestamp : claim.clock;
  if (time !== undefined && time > clock + settings.maxFutureSkew) {
    return {
      kind: "reject",
      reason: "future",
      message: `event time is ${time - clock} ms ahead of the clock`,
    } as const;
  }
  if (pipeline.isLate(parsed.record, watermark)) {
    return {
      kind: "reject",
      reason: "late",
      parsed: parsed.record,
      message: `event time is ${(watermark ?? 0) - (time ?? 0)} ms before the watermark`,
    } as const;
  }
  return { kind: "apply", parsed: parsed.record } as const;
}
