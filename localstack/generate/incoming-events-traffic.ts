import { bucketStart } from "../../shared/core/time.ts";
import type { DurationMs, EventTimeMs } from "../../shared/core/units.ts";
import { incomingEvents } from "../../shared/pipelines/dedupe/dedupe.ts";
import { settingDefinitions } from "../../shared/settings/pipeline-definitions.ts";
import {
  amountFaults,
  cutShort,
  type Fault,
  having,
  idFaults,
  inArray,
  noJson,
  type PayloadFields,
  timeFaults,
} from "./faults.ts";
import type { Random } from "./random.ts";
import type { Disorder, RecordSource, Run, Subject, TrafficPlan } from "./traffic-plan.ts";
import { amountForm, idForm, newId, timeForm, userName } from "./value-forms.ts";
import { writtenNumber } from "./written-number.ts";

interface Event extends Subject {
  readonly id: string;
  readonly user: string;
}

const minute: DurationMs = 60_000;
const windowSize: DurationMs = settingDefinitions.windows.windowSize.default;
const allowedLateness: DurationMs = settingDefinitions.windows.allowedLateness.default;
const eventTypes = ["view", "click", "purchase", "refund"];
const notes = ["plain", 'with "quotes" and \\', "größer", "日本", "😀", "a\tb\nc"];

const eventFaults: readonly Fault[] = [cutShort, noJson, inArray, ...idFaults("eventId"), ...timeFaults("eventTime")];
const windowFaults: readonly Fault[] = [
  ...eventFaults,
  ...idFaults("userId"),
  ...amountFaults("amount"),
  having("eventType", 7),
];

/**
 * Events keyed by their id, so that those of a user are in all partitions. Nearly three in four are within 1.5 s of their `ts`, one in
 * five is up to 4.5 minutes behind. Of what is sent again three in ten go without a key, most of them to another partition.
 *
 * Of 20,000 records of 5,000 users at 10 per second 93.8 % are accepted, 4.4 % duplicates, 0.1 % ignored, 1.1 % late, 0.5 % malformed,
 * 0.1 % ahead of the clock.
 */
export const dedupePlan: TrafficPlan<Event> = {
  topics: [incomingEvents],
  pollInterval: 5_000,
  polled: "by partition",
  shares: {
    outOfOrder: 0.2,
    duplicates: 0.04,
    late: 0.01,
    malformed: 0.005,
    tombstones: 0.001,
    future: 0.001,
    foreign: 0,
    boundaries: 0.01,
    lateDuplicates: 0.005,
  },
  disorder: {
    aheadMax: 500,
    inOrderMax: 1_500,
    outOfOrderMax: 4.5 * minute,
    resendWithin: 20_000,
    lateMin: 6 * minute,
    lateMax: 60 * minute,
  },
  resends: { elsewhere: 0.3, changed: 0.2 },
  spaced: 0.05,
  source: (run) => eventSource(run, eventFaults, [edgeOfWindow(dedupePlan.disorder)]),
};

/**
 * The same events, but some are malformed that dedupe would let through, and out of order they are up to 9 minutes behind.
 *
 * Of 20,000 records of 5,000 users at 10 per second 93.9 % are accepted, 4.2 % duplicates, 0.1 % ignored, 1.2 % late, 0.5 % malformed,
 * 0.1 % ahead of the clock.
 */
export const windowsPlan: TrafficPlan<Event> = {
  ...dedupePlan,
  disorder: { ...dedupePlan.disorder, outOfOrderMax: 9 * minute, lateMin: 16 * minute },
  source: (run) => eventSource(run, windowFaults, [edgeOfWindow(windowsPlan.disorder), oldestOpenWindow]),
};

/** How an event comes to lie at the edge of what counts, where it can at `ts`. */
type Edge = (ts: number, random: Random) => EventTimeMs | undefined;

/** In the first millisecond of a window, or in the last of the one before. */
function edgeOfWindow({ outOfOrderMax }: Disorder): Edge {
  return (ts, random) => {
    const edge = bucketStart(ts, windowSize);
    return ts - edge < outOfOrderMax ? edge - random.integer(0, 1) : undefined;
  };
}

/** Behind the watermark, in a window that is still open: it is of the same window as the watermark. */
const oldestOpenWindow: Edge = (ts, random) => {
  const watermark = ts - allowedLateness;
  return random.integer(bucketStart(watermark, windowSize), watermark);
};

function eventSource(
  { random, ids, rank }: Run,
  faults: readonly Fault[],
  edges: readonly Edge[],
): RecordSource<Event> {
  const newEvent = (): Event => {
    const id = newId(ids, random, (number) => ids.uuid(number));
    return { topic: incomingEvents, key: id, id, user: userName(rank()) };
  };
  return {
    subject: newEvent,
    fields: ({ id, user }, time) => {
      const drawn = random.fraction();
      const amount = drawn < 0.05 ? {} : { amount: someAmount(random) };
      const eventType = drawn > 0.98 ? {} : { eventType: random.pick(eventTypes) };
      const fields = { eventId: idForm(id, random), userId: idForm(user, random), ...amount, ...eventType };
      return { ...fields, eventTime: timeForm(time, random), ...(random.chance(0.3) && somePayload(random)) };
    },
    faults: () => faults,
    boundary: (ts) => {
      const time = random.pick(edges)(ts, random);
      return time === undefined ? undefined : { subject: newEvent(), time };
    },
  };
}

/** One in twenty is null, one in twenty negative, one in fifty has as many digits as there may be. */
function someAmount(random: Random): unknown {
  const drawn = random.fraction();
  if (drawn < 0.05) return null;
  if (drawn < 0.1) return amountForm(-random.integer(1, 5_000), random);
  if (drawn < 0.12) return random.pick([writtenNumber("999999999999.999999"), "-123456789012345678", "0.000001"]);
  return amountForm(random.integer(0, 50_000), random);
}

function somePayload(random: Random): PayloadFields {
  return { payload: { note: random.pick(notes), tags: ["a", null, { depth: 2 }] } };
}
