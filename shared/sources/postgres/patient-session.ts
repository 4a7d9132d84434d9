import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../../core/duration.ts";
import { StreamError } from "../../core/errors.ts";
import type { DurationMs } from "../../core/units.ts";
import { failureOf } from "./failure.ts";
import type { Server } from "./server-url.ts";
import { type Question, Session } from "./session.ts";

const waitMin: DurationMs = 100;
const waitMax: DurationMs = 5_000;

/** A session that outlives connections, restarts and failovers of its server. */
export class PatientSession {
  readonly #server: Server;
  readonly #patience: DurationMs;
  readonly #session: Session;
  readonly #ending = new AbortController();

  /** @param patience for how long a question is asked that fails in a way that may pass. */
  constructor(server: Server, patience: DurationMs) {
    this.#server = server;
    this.#patience = patience;
    this.#session = new Session(server.connectionString);
  }

  /**
   * Asks until there is an answer, or the patience is at an end. What is asked may depend on how often that failed. Where there never was a
   * connection it is tried once: the URL may be wrong, and nothing is lost yet.
   *
   * @param what names what is asked for, in the error.
   * @throws {StreamError} fault `dependency`.
   */
  async ask<R extends object>(what: string, question: (failures: number) => Question): Promise<R[]> {
    const begun = performance.now();
    for (let failures = 0; ; failures++) {
      try {
        return await this.once<R>(question(failures));
      } catch (error) {
        this.#throwUnlessWorthwhile(error, what, performance.now() - begun);
      }
      await this.#wait(failures);
    }
  }

  /** @throws whatever the driver does. */
  once<R extends object>(question: Question): Promise<R[]> {
    if (this.#ending.signal.aborted) return Promise.reject(new Error("closed"));
    return this.#session.ask<R>(question);
  }

  /** A question that is under way fails, as later ones do. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#session.end();
  }

  #throwUnlessWorthwhile(error: unknown, what: string, failingFor: DurationMs): void {
    const refuse = (reason: string) =>
      new StreamError("dependency", `Postgres ${this.#server.name}: ${reason}`, { cause: error });
    if (this.#ending.signal.aborted) throw refuse(`closed while ${what} were read`);
    const { reason, mayPass } = failureOf(error, this.#server.user);
    if (!mayPass || !this.#session.hasConnected) throw refuse(reason);
    if (failingFor < this.#patience) return;
    throw refuse(`no ${what} for ${formatDuration(this.#patience)}; the last failure: ${reason}`);
  }

  async #wait(failures: number): Promise<void> {
    const wait = Math.min(waitMin * 2 ** failures, waitMax);
    // Woken by the end, the next try says so.
    await sleep(wait, undefined, { signal: this.#ending.signal }).catch(() => {});
  }
}
