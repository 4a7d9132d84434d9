import { AsyncLocalStorage } from "node:async_hooks";
import type { Document, DocumentTable, DueList, Entry, StateStore } from "../../shared/ports/state-store.ts";

/**
 * Lets several handlers work on one store, one store operation at a time, in an order that a test decides: the order of `schedule`, then
 * always the first that waits.
 */
export class Turns {
  /** How many waited at each turn that was taken. */
  readonly waited: number[] = [];
  readonly #schedule: readonly number[];
  readonly #actor = new AsyncLocalStorage<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(schedule: readonly number[]) {
    this.#schedule = schedule;
  }

  /** The same store, whose every operation waits for its turn, while `play` runs; at other times it goes through. */
  interpose = (store: StateStore): StateStore => {
    const waits =
      <A extends unknown[], T>(operation: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        await this.#turn();
        return operation(...args);
      };
    const inTurn = (table: DocumentTable): DocumentTable => ({
      read: waits((keys: readonly string[]) => table.read(keys)),
      commit: waits((document: Document) => table.commit(document)),
    });
    const due = {
      append: waits((lists: readonly DueList[]) => store.due.append(lists)),
      upTo: store.due.upTo.bind(store.due),
      remove: store.due.remove.bind(store.due),
    };
    const lists = {
      append: waits((entries: readonly Entry[]) => store.lists.append(entries)),
      last: store.lists.last.bind(store.lists),
    };
    return { entities: inTurn(store.entities), progress: inTurn(store.progress), due, lists };
  };

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
      if (ready.length < live) continue;
      const chosen = ready[this.#schedule[this.waited.length] ?? 0] as string;
      this.waited.push(ready.length);
      const go = this.#waiting.get(chosen);
      this.#waiting.delete(chosen);
      go?.();
    }
    await Promise.all(all);
  }

  #turn(): Promise<void> {
    const actor = this.#actor.getStore();
    if (actor === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(actor, resolve));
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
