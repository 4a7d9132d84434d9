import { bucketStart } from "../../shared/core/time.ts";
import type { DurationMs, EventTimeMs, WallTimeMs } from "../../shared/core/units.ts";
import { contentTable, engagementEvents } from "../../shared/pipelines/engagement/records.ts";
import { settingDefinitions } from "../../shared/settings/pipeline-definitions.ts";
import { Catalogue, type ContentChange } from "./engagement-catalogue.ts";
import {
  type Change,
  type ContentRow,
  changeFields,
  changeKey,
  contentRow,
  deletedContentRow,
  eventRow,
  type Operation,
} from "./engagement-changes.ts";
import { contentFaults, deletionFaults, eventFaults } from "./engagement-faults.ts";
import { withSchema } from "./engagement-schemas.ts";
import { newEventId, someDevice, someDuration, somePayload, timeColumn } from "./engagement-values.ts";
import type { Fault, PayloadFields } from "./faults.ts";
import { Recent } from "./recent.ts";
import type { RecordSource, Run, Subject, Timed, TrafficPlan } from "./traffic-plan.ts";
import { idForm, userName } from "./value-forms.ts";

/** A row that comes into `engagement_events`. */
interface Event extends Subject {
  readonly kind: "event";
  readonly id: string;
  readonly user: string;
  readonly content: ContentRow;
}

const minute: DurationMs = 60_000;
const allowedLateness: DurationMs = settingDefinitions.engagement.allowedLateness.default;
const remembered = 512;
/** How many changes have a schema before them: whoever turned that on has had it turned off again. */
const schemaShare = 0.02;
/** How many ids are committed after a later one. */
const overtakenShare = 0.05;
const eventTypes = ["play", "play", "play", "play", "pause", "pause", "pause", "click", "click", "finish"];
/** What happens to a row of `engagement_events` besides that it is created. */
const foreignOperations: readonly Operation[] = ["r", "u", "u", "u", "d", "t"];

/**
 * Changes of both tables; of `content` the more, the more contents are new. Nine in ten events are within 1.5 s of their `ts`, one in ten
 * is up to 4.5 minutes behind. Of what is sent again one in ten goes without a key, most of them to another partition.
 *
 * Of 20,000 records at 10 per second 82.2 % are of events. Of these 93.3 % are accepted, 2.8 % duplicates, 3.2 % ignored, 0.5 % malformed,
 * 0.1 % ahead of the clock. Of the accepted ones 91.4 % know their content at once, 3.4 % are told while they wait, 0.7 % too late, 4.2 %
 * never; 0.3 % are late and can't wait.
 */
export const engagementPlan: TrafficPlan<Event | ContentChange> = {
  topics: [contentTable, engagementEvents],
  tables: [contentTable],
  pollInterval: 1_000,
  polled: "by topic",
  shares: {
    outOfOrder: 0.1,
    duplicates: 0.02,
    late: 0.01,
    malformed: 0.005,
    tombstones: 0.002,
    future: 0.001,
    foreign: 0.03,
    boundaries: 0.01,
    lateDuplicates: 0.002,
  },
  disorder: {
    aheadMax: 500,
    inOrderMax: 1_500,
    outOfOrderMax: 4.5 * minute,
    resendWithin: 20_000,
    lateMin: 6 * minute,
    lateMax: 60 * minute,
  },
  resends: { elsewhere: 0.1, changed: 0.2 },
  spaced: 0.01,
  source: (run) => new EngagementSource(run),
};

class EngagementSource implements RecordSource<Event | ContentChange> {
  readonly #run: Run;
  readonly #catalogue: Catalogue;
  readonly #seen = new Recent<Timed<Event>>(remembered);
  /** Numbers of rows that are about to be committed. */
  readonly #open: number[] = [];
  #changes = 0;

  constructor(run: Run) {
    this.#run = run;
    this.#catalogue = new Catalogue(run);
  }

  subject(ts: WallTimeMs): Event | ContentChange {
    const next = this.#catalogue.next(ts);
    return "kind" in next ? next : this.#eventOf(next.row);
  }

  fields(subject: Event | ContentChange, time: EventTimeMs, ts: WallTimeMs): PayloadFields {
    return subject.kind === "event" ? this.#eventChange("c", subject, time, ts) : this.#contentChange(subject, ts);
  }

  /** Of an event: what became of a row since it was created. Of a content: that all of them are gone, which is about no row. */
  foreign(subject: Event | ContentChange, time: EventTimeMs, ts: WallTimeMs): PayloadFields {
    const { random } = this.#run;
    const { topic } = subject;
    const op = subject.kind === "content" ? "t" : random.pick(foreignOperations);
    if (subject.kind === "content" || op === "t") return this.#change({ topic, op: "t" }, ts);
    return this.#eventChange(op, subject, time, ts);
  }

  faults(subject: Event | ContentChange): readonly Fault[] {
    if (subject.kind === "event") return eventFaults;
    return subject.op === "d" ? deletionFaults : contentFaults;
  }

  remember(subject: Event | ContentChange, time: EventTimeMs): void {
    if (subject.kind === "event") this.#seen.add({ subject, time });
  }

  boundary(ts: WallTimeMs, highest: (key: string) => EventTimeMs | undefined): Timed<Event> | undefined {
    const drawn = this.#run.random.fraction();
    if (drawn < 0.4) return this.#atWatermark(highest);
    return drawn < 0.7 ? this.#tie(ts) : this.#edgeOfMinute(ts);
  }

  /** Exactly at its partition's watermark, so that it waits for its content, or 1 ms before it and so late. */
  #atWatermark(highest: (key: string) => EventTimeMs | undefined): Timed<Event> | undefined {
    const { random } = this.#run;
    const content = this.#catalogue.awaited()?.row ?? this.#seen.pick(random)?.subject.content;
    const newest = content && highest(changeKey(content.contentId));
    if (!content || newest === undefined) return undefined;
    return { subject: this.#eventOf(content), time: newest - allowedLateness - random.integer(0, 1) };
  }

  /** Of the same content and time as another. */
  #tie(ts: WallTimeMs): Timed<Event> | undefined {
    const seen = this.#seen.pick(this.#run.random);
    if (!seen || ts - seen.time > engagementPlan.disorder.outOfOrderMax) return undefined;
    return { subject: this.#eventOf(seen.subject.content), time: seen.time };
  }

  /** In the first millisecond of a minute, or in the last of the one before. */
  #edgeOfMinute(ts: WallTimeMs): Timed<Event> | undefined {
    const seen = this.#seen.pick(this.#run.random);
    const time = bucketStart(Number(ts), minute) - this.#run.random.integer(0, 1);
    return seen && { subject: this.#eventOf(seen.subject.content), time };
  }

  #eventOf(content: ContentRow): Event {
    const { random, ids, rank } = this.#run;
    const id = newEventId(ids, random, this.#nextNumber());
    const key = changeKey(content.contentId);
    return { kind: "event", topic: engagementEvents, key, id, user: userName(rank()), content };
  }

  /** Numbers go up, but who takes one isn't always the next to commit. */
  #nextNumber(): number {
    const { random, ids } = this.#run;
    while (this.#open.length < 3) this.#open.push(ids.next());
    const at = random.chance(overtakenShare) ? random.integer(1, 2) : 0;
    return this.#open.splice(at, 1)[0] as number;
  }

  /** Of a table whose replica identity is full: what a row was is told whole. */
  #eventChange(op: Operation, event: Event, time: EventTimeMs, ts: WallTimeMs): PayloadFields {
    const hasSchema = this.#run.random.chance(schemaShare);
    const { row, timeType } = this.#row(event, time, hasSchema);
    const before = op === "d" ? row : op === "u" ? { ...row, duration_ms: null } : null;
    const after = op === "d" ? null : row;
    const snapshot = op === "r" ? "incremental" : "false";
    const change = this.#change({ topic: event.topic, op, before, after, snapshot }, ts);
    return hasSchema ? withSchema(event.topic, change, timeType) : change;
  }

  #row({ id, user, content: { contentId, length } }: Event, time: EventTimeMs, hasSchema: boolean) {
    const { random } = this.#run;
    const type = random.pick(eventTypes);
    const { value, type: timeType } = timeColumn(time, random, hasSchema);
    const details = { duration: someDuration(random, type === "click", length), device: someDevice(random) };
    const rawPayload = somePayload(random);
    const columns = { id, contentId, user: idForm(user, random), type, time: value, ...details, rawPayload };
    // A column that was added, and that nobody has heard of.
    const added = random.chance(0.005) ? { session_id: "s_1", experiments: ["a", null] } : {};
    return { row: { ...eventRow(columns), ...added }, timeType };
  }

  #contentChange({ topic, op, row, snapshot }: ContentChange, ts: WallTimeMs): PayloadFields {
    const rows = op === "d" ? { before: deletedContentRow(row.contentId) } : { after: contentRow(row) };
    const change = this.#change({ topic, op, ...rows, snapshot }, ts);
    return this.#run.random.chance(schemaShare) ? withSchema(topic, change) : change;
  }

  #change(change: Omit<Change, "committed" | "processed" | "number">, ts: WallTimeMs): PayloadFields {
    const processed = ts - 2;
    const committed = processed - this.#run.random.integer(5, 250);
    return changeFields({ ...change, committed, processed, number: ++this.#changes });
  }
}
