import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";

/** How far a replay has come; stored in the same transactions as the state, so that a restart goes on exactly there. */
export interface RunNote {
  /** The input's absolute path. */
  readonly input: string;
  readonly digest: string;
  /** Where the next line to process begins, in bytes. */
  readonly offset: number;
  /** Lines before that. */
  readonly lines: number;
  /** The next offset of each `topic-partition`. */
  readonly nextOffsets: Readonly<Record<string, number>>;
  readonly done: boolean;
}

/** What the runner keeps beside the engine's own state. */
export class ReplayNotes {
  readonly #store: SqliteStateStore;

  constructor(store: SqliteStateStore) {
    this.#store = store;
  }

  get run(): RunNote | undefined {
    return this.#read("replay");
  }
  set run(run: RunNote) {
    this.#write("replay", run);
  }

  /** Records of topics that the pipeline doesn't read, by topic. */
  get ignored(): Record<string, number> {
    return this.#read("ignored topics") ?? {};
  }
  set ignored(counts: Record<string, number>) {
    this.#write("ignored topics", counts);
  }

  get partitions(): number | undefined {
    return this.#read("partitions");
  }
  set partitions(partitions: number) {
    this.#write("partitions", partitions);
  }

  #read<T>(name: string): T | undefined {
    const value = this.#store.note(name);
    return value === undefined ? undefined : (JSON.parse(value) as T);
  }

  #write(name: string, value: unknown): void {
    this.#store.setNote(name, JSON.stringify(value));
  }
}
