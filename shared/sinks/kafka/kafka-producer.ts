import type { DurationMs, WallTimeMs } from "../../core/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProduceOutcome, Producer, TopicMessage } from "../../ports/producer.ts";
import { type KafkaSession, openKafkaSession, type SessionSettings } from "./kafka-session.ts";
import { failureOf, type ProduceFailure } from "./produce-failure.ts";

export interface KafkaProducerSettings extends Partial<Omit<SessionSettings, "brokers" | "auth">>, Partial<Limits> {
  readonly brokers: SessionSettings["brokers"];
  readonly auth: SessionSettings["auth"];
}

interface Limits {
  /** How long one `produce` may take in all. */
  readonly produceTimeout: DurationMs;
  /** How long connections are kept that nothing is sent over. */
  readonly idleMax: DurationMs;
  /** What one request may hold: brokers take 1,048,588 bytes per partition by default, and kafkajs cuts nothing. */
  readonly requestBytesMax: number;
}

const defaults = {
  connectTimeout: 3_000,
  requestTimeout: 10_000,
  // Waits of 100 ms to 2 s, 5 s in all: an election of leaders mostly takes less.
  retriesMax: 6,
  retryWait: 100,
  produceTimeout: 30_000,
  // Under what a NAT gateway (350 s) and brokers (10 min) allow; nobody tells a frozen function that its connections are gone.
  idleMax: 240_000,
  requestBytesMax: 900_000,
};

/** Lengths, times, attributes and counts of a record, and the name of its header. */
const recordOverhead = 64;

type Sent = { readonly kind: "sent" } | ProduceFailure;
export type OpenSession = (settings: SessionSettings, signal: AbortSignal) => Promise<KafkaSession>;

const systemClock: Clock = { now: () => Date.now() };
const cutShort = "cut short by this side";

/** A Kafka cluster, over connections that are opened when they are needed and kept. After a failure all is opened anew. */
export class KafkaProducer implements Producer {
  readonly #settings: SessionSettings & Limits;
  readonly #clock: Clock;
  readonly #open: OpenSession;
  #session: { readonly session: KafkaSession; usedAt: WallTimeMs } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Ends the `produce` that is under way. */
  #cutShort: (() => void) | undefined;
  #isClosed = false;

  constructor(settings: KafkaProducerSettings, clock: Clock = systemClock, open: OpenSession = openKafkaSession) {
    this.#settings = { ...defaults, ...settings };
    this.#clock = clock;
    this.#open = open;
  }

  /** One at a time, in the order of the calls. */
  async produce(messages: readonly TopicMessage[], signal?: AbortSignal): Promise<ProduceOutcome> {
    const turn = this.#turn.then(() => this.#produceInTime(messages, signal));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Cuts all connections. What is under way, and every later `produce`, ends as `unavailable`. */
  close(): void {
    this.#isClosed = true;
    this.#cutShort?.();
    this.#dropSession();
  }

  async #produceInTime(messages: readonly TopicMessage[], signal: AbortSignal | undefined): Promise<ProduceOutcome> {
    if (messages.length === 0) return { kind: "accepted" };
    if (this.#isClosed || signal?.aborted) return { kind: "unavailable", reason: cutShort };
    const { produceTimeout, idleMax } = this.#settings;
    if (this.#session && this.#clock.now() - this.#session.usedAt > idleMax) this.#dropSession();
    const limit = new AbortController();
    const { promise, resolve } = Promise.withResolvers<ProduceOutcome>();
    const cut = (reason: string) => {
      limit.abort();
      this.#dropSession();
      resolve({ kind: "unavailable", reason });
    };
    const timer = setTimeout(cut, produceTimeout, `not done within ${produceTimeout} ms`);
    const onAbort = () => cut(cutShort);
    this.#cutShort = onAbort;
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([this.#produceAll(messages, limit.signal), promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#cutShort = undefined;
    }
  }

  async #produceAll(messages: readonly TopicMessage[], limit: AbortSignal): Promise<ProduceOutcome> {
    const refused: string[] = [];
    const reasons = new Set<string>();
    // One topic at a time, so that it is known which one is refused.
    for (const ofTopic of Map.groupBy(messages, ({ topic }) => topic).values()) {
      const outcome = await this.#produceToTopic(ofTopic, limit);
      if (outcome.kind === "unavailable" || (outcome.kind === "refused" && !outcome.ids)) return outcome;
      if (outcome.kind === "accepted") continue;
      refused.push(...(outcome.ids ?? []));
      reasons.add(outcome.reason);
    }
    return refused.length === 0
      ? { kind: "accepted" }
      : { kind: "refused", reason: [...reasons].join("; "), ids: refused };
  }

  async #produceToTopic(messages: readonly TopicMessage[], limit: AbortSignal): Promise<ProduceOutcome> {
    const refused: string[] = [];
    let reason = "";
    for (let at = 0; at < messages.length; ) {
      const portion = messages.slice(at, at + this.#portionLength(messages, at));
      const sent = await this.#send(portion, limit);
      if (sent.kind === "failed") return { kind: "unavailable", reason: sent.reason };
      if (sent.kind === "refused") {
        reason = `topic ${portion[0]?.topic}: ${sent.reason}`;
        if (sent.of === "message" && portion.length > 1) return { kind: "refused", reason };
        const lost = sent.of === "topic" ? messages.slice(at) : portion;
        refused.push(...lost.map(({ id }) => id));
        if (sent.of === "topic") break;
      }
      at += portion.length;
    }
    return refused.length === 0 ? { kind: "accepted" } : { kind: "refused", reason, ids: refused };
  }

  /** How many messages from `from` on go into one request: as many as there is room for, at least one. */
  #portionLength(messages: readonly TopicMessage[], from: number): number {
    let bytes = 0;
    let at = from;
    for (; at < messages.length; at++) {
      bytes += sizeOf(messages[at] as TopicMessage);
      if (bytes > this.#settings.requestBytesMax) break;
    }
    return Math.max(at - from, 1);
  }

  async #send(messages: readonly TopicMessage[], limit: AbortSignal): Promise<Sent> {
    const wasKept = this.#session !== undefined;
    const sent = await this.#sendOnce(messages, limit);
    // What a kept session says may be about its past: connections that are gone, a producer id that brokers forgot, a topic of earlier.
    const isAboutNow = sent.kind === "sent" || (sent.kind === "refused" && sent.of === "message");
    return isAboutNow || !wasKept || limit.aborted ? sent : this.#sendOnce(messages, limit);
  }

  async #sendOnce(messages: readonly TopicMessage[], limit: AbortSignal): Promise<Sent> {
    let session: KafkaSession;
    try {
      session = await this.#currentSession(limit);
    } catch (error) {
      // Nobody has looked at a message yet, so none is refused.
      return { kind: "failed", reason: failureOf(error).reason };
    }
    try {
      await session.send(messages);
      return { kind: "sent" };
    } catch (error) {
      if (this.#session?.session === session) this.#dropSession();
      return failureOf(error);
    }
  }

  async #currentSession(limit: AbortSignal): Promise<KafkaSession> {
    // Nobody waits for this any more, and another `produce` may have its session by now.
    limit.throwIfAborted();
    if (!this.#session) {
      const session = await this.#open(this.#settings, limit);
      if (limit.aborted) session.close();
      limit.throwIfAborted();
      this.#session = { session, usedAt: 0 };
    }
    this.#session.usedAt = this.#clock.now();
    return this.#session.session;
  }

  #dropSession(): void {
    this.#session?.session.close();
    this.#session = undefined;
  }
}

function sizeOf({ id, key, value }: TopicMessage): number {
  return Buffer.byteLength(id) + Buffer.byteLength(key) + Buffer.byteLength(value) + recordOverhead;
}
