import { AsyncLocalStorage } from "node:async_hooks";
import type { EventTimeMs } from "../../shared/core/units.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { Document, DocumentTable, DueList, DueLists, Entry, StateStore } from "../../shared/ports/state-store.ts";

/** What befalls a handler at its operation number `at`, counted from 0. */
export interface Mishap {
  readonly at: number;
  /** Whether the operation took effect; its answer is lost anyway. */
  readonly landed: boolean;
  /** Whether that was the handler's end, or it may go on. */
  readonly deadly: boolean;
}

/**
 * Lets several handlers work on one store and its objects, one operation at a time, in an order that a test decides: the order of
 * `schedule`, then always the first that waits. Operations may fail, and handlers die: nothing that a dead one tries takes effect.
 */
export class Turns {
  /** How many waited at each turn that was taken. */
  readonly waited: number[] = [];
  readonly #schedule: readonly number[];
  readonly #mishaps: Readonly<Record<string, Mishap>>;
  readonly #actor = new AsyncLocalStorage<string>();
  readonly #waiting = new Map<string, () => void>();
  readonly #done = new Map<string, number>();
  #asked = 0;

  constructor(schedule: readonly number[], mishaps: Readonly<Record<string, Mishap>> = {}) {
    this.#schedule = schedule;
    this.#mishaps = mishaps;
  }

  /** The same store, whose every operation waits for its turn, while `play` runs; at other times it goes through. */
  interpose = (store: StateStore): StateStore => {
    const inTurn = (table: DocumentTable): DocumentTable => ({
      read: this.#waits((keys: readonly string[]) => table.read(keys)),
      commit: this.#waits((document: Document) => table.commit(document)),
    });
    const due = {
      append: this.#waits((lists: readonly DueList[]) => store.due.append(lists)),
      upTo: (scope: string, until: EventTimeMs) => this.#inOneTurn(store.due.upTo(scope, until)),
      remove: this.#waits((ids: Parameters<DueLists["remove"]>[0]) => store.due.remove(ids)),
    };
    const lists = {
      append: this.#waits((entries: readonly Entry[]) => store.lists.append(entries)),
      last: store.lists.last.bind(store.lists),
    };
    return { entities: inTurn(store.entities), progress: inTurn(store.progress), due, lists };
  };

  /** The same objects, likewise. */
  interposeObjects = (objects: ObjectStore): ObjectStore => ({
    create: this.#waits((name: string, bytes: Uint8Array) => objects.create(name, bytes)),
    read: this.#waits((name: string) => objects.read(name)),
    list: objects.list.bind(objects),
  });

  /** Runs all actors to their ends. */
  async play(actors: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
    let live = Object.keys(actors).length;
    const all = Object.entries(actors).map(([name, act]) =>
      this.#actor.run(name, async () => {
        await this.#turn();
        await act().finally(() => live--);
      }),
    );
    for (;;) {
      await new Promise(setImmediate);
      if (live === 0) break;
      const ready = [...this.#waiting.keys()].sort();
      // Somebody is between two turns of his: he is still on his way.
      if (new Set(ready.map((name) => name.split("#")[0])).size < live) continue;
      const chosen = ready[this.#schedule[this.waited.length] ?? 0] as string;
      this.waited.push(ready.length);
      const go = this.#waiting.get(chosen);
      this.#waiting.delete(chosen);
      go?.();
    }
    await Promise.all(all);
  }

  #waits<A extends unknown[], T>(operation: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      await this.#turn();
      const actor = this.#actor.getStore() ?? "";
      const mishap = this.#mishaps[actor];
      const count = this.#done.get(actor) ?? 0;
      this.#done.set(actor, count + 1);
      if (mishap?.deadly && count > mishap.at) throw new Error(`${actor} is dead`);
      if (mishap?.at !== count) return operation(...args);
      if (mishap.landed) await operation(...args);
      throw new Error(`${actor} has no answer`);
    };
  }

  /** Read as a whole, as a query is: what comes meanwhile isn't seen. */
  async *#inOneTurn<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    yield* await this.#waits(() => Array.fromAsync(items))();
  }

  #turn(): Promise<void> {
    const actor = this.#actor.getStore();
    if (actor === undefined) return Promise.resolve();
    // One handler may have several operations under way.
    const name = `${actor}#${String(this.#asked++).padStart(6, "0")}`;
    return new Promise((resolve) => this.#waiting.set(name, resolve));
  }
}

/** The schedule that follows `schedule`, once a run under it has shown how many waited at each turn; `undefined` after the last. */
export function nextSchedule(schedule: readonly number[], waited: readonly number[]): number[] | undefined {
  const taken = waited.map((_, turn) => schedule[turn] ?? 0);
  for (let turn = taken.length - 1; turn >= 0; turn--) {
    if ((taken[turn] as number) + 1 < (waited[turn] as number))
      return [...taken.slice(0, turn), (taken[turn] as number) + 1];
  }
  return undefined;
}
