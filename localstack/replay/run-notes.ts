import type { WallTimeMs } from "../../shared/core/units.ts";
import { pipelineNames } from "../../shared/settings/settings.ts";
import { UsageError } from "../cli/usage-error.ts";
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
  /** `read`: all of it is processed. `finished`: all that it brings about has left, too. */
  readonly stage: "reading" | "read" | "finished";
}

/** What the runner keeps of a pipeline beside the engine's own state. */
export class RunNotes {
  readonly #store: SqliteStateStore;
  readonly #pipeline: string;

  constructor(store: SqliteStateStore, pipeline: string) {
    this.#store = store;
    this.#pipeline = pipeline;
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

  /** Of each of its topics. */
  get partitions(): number | undefined {
    return this.#read("partitions");
  }
  set partitions(partitions: number) {
    this.#write("partitions", partitions);
  }

  /** When replays into this state began: what their clock says, however often they are killed. So no output becomes too old to be sent. */
  begunAt(now: WallTimeMs): WallTimeMs {
    const begun = this.#read<WallTimeMs>("begun at") ?? now;
    this.#write("begun at", begun);
    return begun;
  }

  /** @throws {UsageError} the state has another number of partitions than `asked`. */
  checkPartitions(asked: number): void {
    const stored = this.partitions ?? asked;
    if (stored === asked) return;
    throw new UsageError(
      `this state has ${stored} partitions, not ${asked}; give that number with --partitions, or another --state`,
    );
  }

  #read<T>(name: string): T | undefined {
    const value = this.#store.note(`${name}|${this.#pipeline}`);
    return value === undefined ? undefined : (JSON.parse(value) as T);
  }

  #write(name: string, value: unknown): void {
    this.#store.setNote(`${name}|${this.#pipeline}`, JSON.stringify(value));
  }
}

/** The pipeline, other than `pipeline`, whose replay into this state hasn't come to its end. */
export function unfinishedOther(store: SqliteStateStore, pipeline: string): string | undefined {
  return pipelineNames.find((other) => {
    const stage = other === pipeline ? undefined : new RunNotes(store, other).run?.stage;
    return stage !== undefined && stage !== "finished";
  });
}
