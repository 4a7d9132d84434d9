import type { DurationMs } from "../../core/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ResultStore, StoredOutput, WriteOutcome } from "../../ports/result-store.ts";
import { applyScript } from "./apply-script.ts";
import { type EnrichedEvent, readEnrichedEvent } from "./enriched-event.ts";
import { KeptSession, type OpenSession } from "./kept-session.ts";
import { type KeyNames, keyNames } from "./key-names.ts";
import { type AddressSettings, redisAddress } from "./redis-address.ts";
import { planCall } from "./script-call.ts";

export interface RedisStoreSettings extends AddressSettings {
  /** Certificate authorities in PEM that are trusted instead of the usual ones. */
  readonly ca?: string;
  /** What all keys begin with; by default nothing. In a Redis Cluster it needs a hash tag, as `{tidemark}:`: a script has one node. */
  readonly prefix?: string;
  /** How long one `write` may take in all. Default 2 s. */
  readonly writeTimeout?: DurationMs;
  /** How long opening a connection may take. Default 1 s. */
  readonly connectTimeout?: DurationMs;
  /** How long a connection is kept that nothing is sent over. Default 4 min: NAT gateways forget connections after 350 s. */
  readonly idleMax?: DurationMs;
}

/** What became of some of the outputs: which are refused, and why. */
interface Refusals {
  readonly ids: string[];
  readonly reasons: Set<string>;
}

/** What one script takes. It holds up everyone else for some 5 ms, ten times what the way there and back takes: more would gain nothing. */
const outputsPerScript = 200;

const systemClock: Clock = { now: () => Date.now() };
const cutShort = "cut short by this side";

/**
 * The views of engagement in Redis 6.2 or newer, or Valkey; one primary with any number of replicas.
 *
 * - `content:last:{contentId}`: the last event by event time, as JSON, until an hour after it was written (or happened, where that is later).
 * - `content:count:{contentId}`: how many events there were, for ever.
 * - `top:content:bucket:{YYYYMMDDHHMM}`: a sorted set of contents by their events in that minute of event time, until 15 minutes after its
 *   start. A minute that is gone never comes again.
 * - `top:content:10m`: the sum of the last ten of them as of the last write, until 120 s after it; `top:content:10m:minute` belongs to it.
 * - `event:seen:{id / 2,000}`: bitmaps, for ever: bit `id % 2,000` of an event that was counted; for an id that is no number from 0 up,
 *   `event:seen:{id}`.
 *
 * An event counts once for ever, whatever its revisions and however often and late it comes: its mark and its effects are one script.
 * What a server loses, in a crash or a failover, it loses of both, so whatever it has is right, and writing again what may be lost mends
 * the rest. This needs `maxmemory-policy noeviction`: `allkeys-*` policies evict marks, and then events count twice.
 *
 * An output is refused where one of its keys holds something else (its type is another, or it is a count and no number), and where it isn't
 * an enriched event. All else that the server says is about itself or about us, so it may pass: no right, no memory, a replica.
 */
export class RedisStore implements ResultStore {
  readonly #names: KeyNames;
  readonly #writeTimeout: DurationMs;
  readonly #clock: Clock;
  readonly #session: KeptSession;
  /** They end the writes that are under way. */
  readonly #cuts = new Set<() => void>();
  #isClosed = false;

  /** @throws {StreamError} fault `bug`: a URL that can't be used; the message holds nothing of it. */
  constructor(settings: RedisStoreSettings, clock: Clock = systemClock, open?: OpenSession) {
    const { ca, prefix = "", writeTimeout = 2_000, connectTimeout = 1_000, idleMax = 240_000 } = settings;
    const address = redisAddress(settings);
    this.#names = keyNames(prefix);
    this.#writeTimeout = writeTimeout;
    this.#clock = clock;
    this.#session = new KeptSession({ address, ca, connectTimeout }, idleMax, clock, open);
  }

  async write(outputs: readonly StoredOutput[], signal?: AbortSignal): Promise<WriteOutcome> {
    if (outputs.length === 0) return { kind: "accepted" };
    if (this.#isClosed || signal?.aborted) return { kind: "unavailable", reason: cutShort };
    const limit = new AbortController();
    const { promise, resolve } = Promise.withResolvers<WriteOutcome>();
    const cut = (reason: string) => {
      limit.abort();
      resolve({ kind: "unavailable", reason });
    };
    const timer = setTimeout(cut, this.#writeTimeout, `not done within ${this.#writeTimeout} ms`);
    const onAbort = () => cut(cutShort);
    this.#cuts.add(onAbort);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([this.#writeAll(outputs, limit.signal), promise]);
    } finally {
      clearTimeout(timer);
      this.#cuts.delete(onAbort);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Cuts the connection. What is under way, and every later `write`, ends as `unavailable`. */
  close(): void {
    this.#isClosed = true;
    for (const cut of this.#cuts) cut();
    this.#session.close();
  }

  async #writeAll(outputs: readonly StoredOutput[], limit: AbortSignal): Promise<WriteOutcome> {
    const refusals: Refusals = { ids: [], reasons: new Set() };
    for (let at = 0; at < outputs.length; at += outputsPerScript) {
      const events = eventsOf(outputs.slice(at, at + outputsPerScript), refusals);
      const failure = await this.#apply(events, refusals, limit);
      if (failure !== undefined) return { kind: "unavailable", reason: failure };
    }
    const { ids, reasons } = refusals;
    return ids.length === 0 ? { kind: "accepted" } : { kind: "refused", reason: [...reasons].join("; "), ids };
  }

  /** All of `events` in one script, but for those that are refused. Returns why it couldn't be done. */
  async #apply(events: readonly EnrichedEvent[], refusals: Refusals, limit: AbortSignal): Promise<string | undefined> {
    let rest = events;
    while (rest.length > 0) {
      const call = planCall(rest, this.#names, this.#clock.now());
      const said = await this.#session.run(applyScript, call, limit);
      if (said.kind === "failed") return said.reason;
      if (!Array.isArray(said.answer)) return `an answer that isn't one of the script: ${said.answer}`;
      const misused = new Set(said.answer.map((number) => call.keys[number - 1]));
      if (misused.size === 0) return;
      // Every key that the script may name is one of some event, so `rest` gets shorter.
      const isMisused = (event: EnrichedEvent) => call.keysOf(event).some((key) => misused.has(key));
      refusals.ids.push(...rest.filter(isMisused).map(({ outputId }) => outputId));
      for (const key of misused) refusals.reasons.add(`${key} holds something else`);
      rest = rest.filter((event) => !isMisused(event));
    }
  }
}

function eventsOf(outputs: readonly StoredOutput[], refusals: Refusals): readonly EnrichedEvent[] {
  return outputs.flatMap((output) => {
    const event = readEnrichedEvent(output);
    if (typeof event !== "string") return [event];
    refusals.ids.push(output.id);
    refusals.reasons.add(event);
    return [];
  });
}
