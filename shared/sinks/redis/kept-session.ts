import type { DurationMs, WallTimeMs } from "../../core/units.ts";
import type { Clock } from "../../ports/clock.ts";
import {
  openRedisSession,
  type RedisSession,
  type Script,
  type ScriptInput,
  type SessionSettings,
} from "./redis-session.ts";

export type OpenSession = (settings: SessionSettings) => Promise<RedisSession>;

export type Said =
  | { readonly kind: "answered"; readonly answer: unknown }
  | { readonly kind: "failed"; readonly reason: string };

interface Kept {
  readonly session: Promise<RedisSession>;
  hasAnswered: boolean;
  usedAt: WallTimeMs;
}

/** A session that is opened when it is needed, kept, and after a failure opened anew. What it runs may be run twice. */
export class KeptSession {
  readonly #settings: SessionSettings;
  readonly #idleMax: DurationMs;
  readonly #clock: Clock;
  readonly #open: OpenSession;
  #kept: Kept | undefined;

  /** `idleMax`: how long a session is kept that nothing runs on. */
  constructor(settings: SessionSettings, idleMax: DurationMs, clock: Clock, open: OpenSession = openRedisSession) {
    this.#settings = settings;
    this.#idleMax = idleMax;
    this.#clock = clock;
    this.#open = open;
  }

  /** Calls don't wait for one another. When `limit` fires, nobody waits for the answer: the session may be one that has no other side. */
  async run(script: Script, input: ScriptInput, limit: AbortSignal): Promise<Said> {
    if (this.#kept && this.#clock.now() - this.#kept.usedAt > this.#idleMax) this.close();
    const wasKept = this.#kept?.hasAnswered === true;
    const said = await this.#runOnce(script, input, limit);
    // What a kept session says may be about its past: a connection that is gone, a server that is a replica now.
    return said.kind === "answered" || !wasKept || limit.aborted ? said : this.#runOnce(script, input, limit);
  }

  /** Cuts the connection; the next `run` opens another. */
  close(): void {
    if (this.#kept) this.#drop(this.#kept);
  }

  async #runOnce(script: Script, input: ScriptInput, limit: AbortSignal): Promise<Said> {
    if (limit.aborted) return { kind: "failed", reason: "cut short by this side" };
    this.#kept ??= { session: this.#open(this.#settings), hasAnswered: false, usedAt: this.#clock.now() };
    const kept = this.#kept;
    const drop = () => this.#drop(kept);
    limit.addEventListener("abort", drop, { once: true });
    try {
      const session = await kept.session;
      limit.throwIfAborted();
      kept.usedAt = this.#clock.now();
      const answer = await session.run(script, input);
      kept.hasAnswered = true;
      return { kind: "answered", answer };
    } catch (error) {
      drop();
      return { kind: "failed", reason: reasonOf(error) };
    } finally {
      limit.removeEventListener("abort", drop);
    }
  }

  #drop(kept: Kept): void {
    if (this.#kept === kept) this.#kept = undefined;
    kept.session.then(
      (session) => session.close(),
      () => {},
    );
  }
}

/** An error that stands for several, one per address of a host, has no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message || error.name : String(error);
}
