import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import type { PipelineConfig } from "../../functions/catalog.ts";
import { type Random, seededRandom } from "../../localstack/generate/random.ts";
import { progressEvent } from "../../localstack/runner/stream-mapping.ts";
import { lastEventTime } from "../../shared/core/time.ts";
import { rowKey } from "../../shared/runtime/keys.ts";
import { commitRow, readRow } from "../../shared/runtime/partition-row.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { type DeployedSettings, readPipelines } from "../../shared/settings/deployment.ts";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { ChangeStream, StreamMapping } from "./change-stream.ts";
import { checkersOf } from "./checkers/all-checkers.ts";
import type { Checker, Watched } from "./checkers/checker.ts";
import { DeployedFunctions } from "./deployed-functions.ts";
import { Faults, type WorldFault } from "./faults.ts";
import { Mapping } from "./mapping.ts";
import { type Actor, isAsleep, Scheduler } from "./scheduler.ts";
import { SimulatedSinks } from "./simulated-sinks.ts";
import { SimulatedTables } from "./simulated-store.ts";
import { Topics } from "./topics.ts";
import { trafficStart } from "./traffic/draw-traffic.ts";
import type { SimulatedPipeline } from "./traffic/simulated-pipeline.ts";
import type { SimulatedRecord } from "./traffic/simulated-record.ts";

export interface WorldOptions {
  readonly pipeline: SimulatedPipeline;
  readonly seed: number;
  /** Faults by number, and records by place, that are left out. */
  readonly withoutFaults?: ReadonlySet<number>;
  readonly withoutRecords?: ReadonlySet<number>;
  /** Takes the lines of the trace. */
  readonly trace?: (line: string) => void;
}

/** Invocations at work at once. */
const liveMax = 6;
const finalizersMax = 2;
const context = {} as Context;

/** Everything there is in a deployment of one pipeline, except that nothing in it is real but the code that it deploys. */
export class World {
  readonly faults: Faults;
  readonly scheduler: Scheduler;
  readonly settings: DeployedSettings<PipelineName>;
  readonly violations: string[] = [];
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly #config: PipelineConfig;
  readonly #tables = new SimulatedTables();
  readonly #functions: DeployedFunctions;
  readonly #topics: Topics;
  readonly #stream = new ChangeStream();
  readonly #sinks: SimulatedSinks;
  readonly #mappings: readonly Mapping[];
  /** Of the topic of results. */
  readonly #readers: readonly Mapping[];
  readonly #streams: readonly StreamMapping[];
  readonly #checkers: readonly Checker[];
  readonly #running: RunningPipeline;
  readonly #traffic: SimulatedRecord[];
  readonly #live = new Set<Actor>();
  /** What has changed so far, of all that lasts. */
  #changes = 0;
  #actors = 0;
  /** A backfill has begun, and hasn't come to its end. */
  #isBackfilling = false;
  #now = trafficStart;

  constructor(options: WorldOptions) {
    const { pipeline, seed, withoutFaults = new Set(), withoutRecords = new Set(), trace } = options;
    const draws = (of: number) => seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(of, 0x85ebca6b));
    this.#options = options;
    this.#random = draws(1);
    this.faults = new Faults(draws(2), withoutFaults);
    this.scheduler = new Scheduler(draws(3), this.faults, (line) => trace?.(`${this.scheduler.step} ${line()}`));
    const settings = { [pipeline.name]: pipeline.settings(draws(4)) };
    this.settings = readPipelines(JSON.stringify(settings))[pipeline.name] as DeployedSettings<PipelineName>;
    this.#config = { name: pipeline.name, settings: this.settings } as PipelineConfig;
    const traffic = pipeline.traffic(draws(5), this.faults, this.settings);
    this.#traffic = traffic.filter(({ place }) => !withoutRecords.has(place));
    this.#topics = new Topics(draws(6));
    this.#sinks = new SimulatedSinks({
      scheduler: this.scheduler,
      refusedShare: this.#random.pick([0, 0, 5, 20]),
      outputPartitions: 2,
      onArrival: (arrival) => this.#changed((checker) => checker.onArrival?.(arrival)),
    });
    this.#functions = new DeployedFunctions({
      ...{ config: this.#config, scheduler: this.scheduler, tables: this.#tables, sinks: this.#sinks },
      now: () => this.#now,
      splits: () => this.#random.chance(0.3),
      onObject: (name, bytes) => this.#changed((checker) => checker.onObject?.(name, bytes)),
    });
    this.#running = this.#functions.running();
    this.#mappings = [...this.#running.sources, ...this.#running.tables].map((topic) => this.#mappingOf(topic));
    this.#readers = this.settings.sinks.includes("clickhouse") ? [this.#resultMapping()] : [];
    this.#streams = this.#streamMappings();
    this.#checkers = checkersOf(this.#watched(), (name, message) => this.violations.push(`${name}: ${message}`));
    this.#tables.onWritten = (table, document, before) => {
      if (table === "entities") this.#stream.write(document, this.#now);
      this.#changed((checker) => checker.onWritten?.(table, document, before));
    };
  }

  /** The places of the records that are going to be written. */
  places(): number[] {
    return this.#traffic.map(({ place }) => place);
  }

  /** Plays it all: `stepsMax` steps of trouble, then rest, then all of it once more. @returns once a violation is found, or none. */
  async run(stepsMax: number): Promise<void> {
    while (this.scheduler.step < stepsMax && !this.#isOver() && this.violations.length === 0) await this.#act();
    this.faults.isOver = true;
    this.#sinks.mend();
    this.#trace("the trouble is over");
    while (this.#traffic.length > 0 && this.violations.length === 0) {
      await this.#rest();
      this.#writeNext(this.#traffic.length);
    }
    await this.#rest();
    // A floor knows what the other sources had reached before it: one round more until all of them have seen all.
    // Whoever still sleeps wakes to a world in which everything is final, and most of it forgotten.
    const rounds = [
      { touches: false, woken: 0.1 },
      { touches: true, woken: 0.2 },
      { touches: true, woken: 1 },
      { touches: false, woken: 1 },
      { touches: true, woken: 1 },
    ];
    for (const { touches, woken } of rounds) {
      this.#flush(touches);
      this.scheduler.wake(woken);
      await this.#rest();
    }
    this.#trace("everything comes again");
    for (const mapping of [...this.#mappings, ...this.#readers]) mapping.restart();
    await this.#rest();
    if (this.violations.length === 0) for (const { atEnd } of this.#checkers) atEnd?.();
  }

  #isOver(): boolean {
    return this.#traffic.length === 0 && this.#awake().length === 0 && this.#mappings.every(({ isAtEnd }) => isAtEnd);
  }

  /** One thing that happens: a call goes on, an invocation begins, or something befalls the world. */
  async #act(): Promise<void> {
    const isCrowded = this.#awake().length >= liveMax;
    if (!this.scheduler.hasRunnable() || (!isCrowded && this.#random.chance(0.12))) {
      // Time passes also where nobody calls anything.
      this.scheduler.step++;
      if (this.#happen()) return;
    }
    if (!(await this.scheduler.next())) this.#writeNext(1);
  }

  #happen(): boolean {
    const { faults } = this;
    const mapping = this.#random.pick(this.#mappings);
    const reader = this.#readers[0];
    const stream = this.#streams.length > 0 ? this.#random.pick(this.#streams) : undefined;
    if (reader && faults.strikes("redelivery", 1) && reader.goBack()) return this.#befell("redelivery");
    if (faults.strikes("rebalance", 3) && mapping.rebalance()) return this.#befell("rebalance");
    if (faults.strikes("redelivery", 3) && mapping.goBack()) return this.#befell("redelivery");
    if (faults.strikes("stream redelivery", 3) && stream?.goBack()) return this.#befell("stream redelivery");
    if (faults.strikes("removed by TTL", 3) && this.#sweep()) return this.#befell("removed by TTL");
    if (faults.strikes("idle mark", 10) && this.#markIdle()) return this.#random.chance(0.5) && this.#finalize();
    if (faults.strikes("clock step", 1)) {
      this.#now += this.#random.pick([-600_000, -30_000, 30_000, 600_000]);
      return this.#befell("clock step");
    }
    switch (this.#random.integer(0, 9)) {
      case 0:
      case 1:
        return this.#writeNext(this.#random.integer(1, 4));
      case 2:
      case 3:
        return this.#finalize();
      case 4:
      case 5:
        return (this.#random.chance(0.3) && reader?.send()) || (stream?.send() ?? false);
      case 6:
        if (this.#mayBackfill && this.#random.chance(0.15)) return this.#backfill();
        // The sources of a pipeline at once: that is where their functions meet.
        return this.#mappings.filter((each) => each.send()).length > 0;
      default:
        return mapping.send();
    }
  }

  /** Everything that waits goes on to its end, and everything that isn't done is sent, until nothing changes. */
  async #rest(): Promise<void> {
    for (const mapping of [...this.#mappings, ...this.#readers]) mapping.wake();
    for (let rounds = 0; this.violations.length === 0; rounds++) {
      if (rounds > 3_000) return void this.violations.push("comes to rest: it doesn't");
      while (this.violations.length === 0 && (await this.scheduler.next()));
      const everyone = [...this.#mappings, ...this.#streams, ...this.#readers];
      const sent = everyone.filter((mapping) => mapping.send());
      if (sent.length > 0 || (this.#isBackfilling && this.#backfill())) continue;
      const before = this.#changes;
      this.#finalize();
      while (this.violations.length === 0 && (await this.scheduler.next()));
      if (everyone.every((mapping) => mapping.isAtEnd) && this.#changes === before) return;
    }
  }

  /** Records are written, as time goes on; a topic is made anew once all that stood in it is done. */
  #writeNext(count: number): boolean {
    for (let left = count; left > 0; left--) {
      const next = this.#traffic[0];
      if (!next) return false;
      if (next.isAnew && this.#topics.generation(next.topic) === 0) {
        const at = [...this.#running.sources, ...this.#running.tables].indexOf(next.topic);
        const mapping = this.#mappings[at];
        // Whoever is still at work on the former topic would take its records for the new one's.
        const busy = [...this.#live].filter(({ name }) => name.startsWith("consume"));
        if (!mapping?.isAtEnd || busy.some((actor) => !isAsleep(actor))) return false;
        for (const actor of busy) this.scheduler.kill(actor);
        this.#topics.makeAnew(next.topic);
        mapping.restart();
        this.faults.count("topic anew");
        this.#trace(`${next.topic} is made anew`);
      }
      this.#traffic.shift();
      this.#now = Math.max(this.#now, next.timestamp);
      this.#topics.write(next);
    }
    return true;
  }

  #awake(): Actor[] {
    return [...this.#live].filter((actor) => !isAsleep(actor));
  }

  #flush(touches: boolean): void {
    const { pipeline } = this.#options;
    const last = Math.max(this.#now, ...this.#topics.all.map(({ timestamp, of }) => Math.max(timestamp, of.time ?? 0)));
    this.#now = last + pipeline.finalAfter(this.settings) + 1;
    const records = pipeline.flush(this.#traffic, this.#now, touches, this.settings);
    records.forEach((record, at) => {
      this.#now++;
      this.#topics.write({ ...record, timestamp: this.#now, place: -1 - at, isAnew: false });
    });
  }

  #finalize(): boolean {
    const busy = this.#awake().filter(({ name }) => name.startsWith("finalize")).length;
    if (busy >= finalizersMax) return false;
    const rows = this.#running.sources.flatMap((topic) =>
      Array.from({ length: this.settings.partitions }, (_, partition) =>
        rowKey(this.#running as never, { topic, partition }),
      ),
    );
    const moved = rows.filter(() => this.#random.chance(0.5));
    const event = this.faults.isOver || moved.length === 0 ? { source: "aws.events" } : progressEvent(moved);
    this.#invoke("finalize", (actor) => this.#functions.finalize(actor)(event as never, context));
    return true;
  }

  #markIdle(): boolean {
    const at = this.#random.integer(0, this.#running.sources.length - 1);
    const topic = this.#running.sources[at] as string;
    const partition = this.#random.integer(0, this.settings.partitions - 1);
    if (!this.#mappings[at]?.isRead(partition)) return false;
    this.#invoke("idle", async (actor) => {
      const { store } = this.#functions.surroundings(actor);
      const key = rowKey(this.#running as never, { topic, partition });
      const row = readRow((await store.progress.read([key])).get(key));
      if (row.version === 0 || row.claim || row.idle) return;
      const { kind } = await commitRow(store.progress, key, { ...row, idle: true });
      if (kind === "committed") this.faults.count("idle mark");
    });
    return true;
  }

  /**
   * Of all events there are; whoever runs it again goes on where the last one stopped. Not where clocks are off: what the topic's reader then
   * takes for future a backfill takes in.
   */
  get #mayBackfill(): boolean {
    return this.#config.name === "engagement" && !this.faults.isOn("clock step") && !this.faults.isOn("clock skew");
  }

  #backfill(): boolean {
    if (this.#awake().some(({ name }) => name.startsWith("backfill"))) return false;
    this.#isBackfilling = true;
    const range = { start: 0, end: lastEventTime };
    this.#invoke(
      "backfill",
      (actor) => this.#functions.backfill(actor, this.#topics)(range, context),
      (answer) => {
        if (answer?.isDone) this.#isBackfilling = false;
      },
    );
    return true;
  }

  /** @returns whether anything had expired. */
  #sweep(): boolean {
    const gone = this.#tables.sweep(this.#now, () => this.#random.chance(0.7));
    for (const document of gone) this.#stream.remove(document);
    return gone.length > 0;
  }

  #mappingOf(topic: string): Mapping {
    const failures = this.#random.pick(["report", "throw"] as const);
    const log = (partition: number) => this.#topics.log(topic, partition);
    return new Mapping({
      ...{ topic, partitions: this.settings.partitions, batchMax: this.#random.pick([2, 5, 12]), log },
      ...{ random: this.#random, faults: this.faults, step: () => this.scheduler.step },
      invoke: (event, ended) =>
        this.#invoke("consume", (actor) => this.#functions.consume(actor, failures)(event, context), ended),
    });
  }

  /** The function that reads the topic of results for a database. */
  #resultMapping(): Mapping {
    const topic = this.settings.outputTopic;
    const failures = this.#random.pick(["report", "throw"] as const);
    return new Mapping({
      ...{ topic, partitions: this.#sinks.outputLog.length, batchMax: this.#random.pick([2, 5, 12]) },
      ...{ random: this.#random, faults: this.faults, step: () => this.scheduler.step },
      log: (partition) => this.#sinks.outputLog[partition] ?? [],
      invoke: (event, ended) =>
        this.#invoke("clickhouse", (actor) => this.#functions.store(actor, failures)(event, context), ended),
    });
  }

  #streamMappings(): StreamMapping[] {
    const settings = { batchMax: this.#random.pick([1, 3]), lines: this.#random.pick([1, 3]) };
    const { sinks } = this.settings;
    type Handler = (event: DynamoDBStreamEvent, context: Context) => Promise<DynamoDBBatchResponse>;
    const mapping = (name: string, handlerOf: (actor: Actor) => Handler) =>
      new StreamMapping({
        stream: this.#stream,
        random: this.#random,
        invoke: (event, ended) => this.#invoke(name, (actor) => handlerOf(actor)(event, context), ended),
      });
    const deliver = mapping("deliver", (actor) => this.#functions.deliver(actor, settings));
    const publish = mapping("publish", (actor) => this.#functions.publish(actor));
    return [...(sinks.includes("http") ? [deliver] : []), ...(sinks.includes("kafka") ? [publish] : [])];
  }

  /** `ended` is told the answer, or that there is none as the invocation failed. */
  #invoke<T>(kind: string, work: (actor: Actor) => Promise<T>, ended?: (answer: T | undefined) => void): Actor {
    const isSkewed = this.faults.strikes("clock skew", 2);
    const skew = isSkewed ? this.#random.pick([-300_000, -5_000, 5_000, 300_000]) : 0;
    if (isSkewed) this.faults.count("clock skew");
    const actor: Actor = { name: `${kind}#${++this.#actors}`, skew, isDead: false, stalledUntil: 0, onDeath: [] };
    this.#live.add(actor);
    this.#trace(`${actor.name} begins`);
    const end = (answer: T | undefined, how: string) => {
      this.#live.delete(actor);
      this.#trace(`${actor.name} ${how}`);
      ended?.(answer);
    };
    work(actor).then(
      (answer) => end(answer, "ends"),
      (error: unknown) => {
        if (error instanceof TypeError || error instanceof ReferenceError)
          this.violations.push(`no stack trace: ${error.stack}`);
        end(undefined, `fails: ${(error as Error).message}`);
      },
    );
    actor.onDeath.push(() => this.#live.delete(actor));
    return actor;
  }

  #watched(): Watched {
    return {
      ...{ pipeline: this.#options.pipeline, settings: this.settings, running: this.#running, topics: this.#topics },
      ...{ tables: this.#tables, objects: this.#functions.objects, sinks: this.#sinks, faults: this.faults },
    };
  }

  #changed(tell: (checker: Checker) => void): void {
    this.#changes++;
    for (const checker of this.#checkers) tell(checker);
  }

  #befell(fault: WorldFault): true {
    this.faults.count(fault);
    return this.#trace(fault);
  }

  #trace(line: string): true {
    this.#options.trace?.(`${this.scheduler.step} ${line}`);
    return true;
  }
}
