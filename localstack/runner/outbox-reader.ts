import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { PipelineConfig } from "../../functions/catalog.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { ChangeFeed } from "../embedded/change-feed.ts";
import { deliverChanges, type StreamHandler } from "./stream-mapping.ts";

/** The functions that read the change stream of the entities. */
export const outboxReaders = ["deliver", "publish"] as const;
export type OutboxReaderName = (typeof outboxReaders)[number];

/** How far a reader has come, and how much of its files that is: remembered together, with the state. */
export interface Reached {
  /** The last change that it has read. */
  readonly cursor: number;
  /** Of its files, in bytes. */
  readonly lengths: Readonly<Record<string, number>>;
}

export const notBegun: Reached = { cursor: 0, lengths: {} };

export interface OutboxReaderOptions {
  readonly pipelines: readonly PipelineConfig[];
  /** The state's file. */
  readonly statePath: string;
  readonly outDirectory: string;
  /** Where what can't be delivered goes. */
  readonly deadLetters: ObjectStore;
  /** Where to go on. */
  readonly reached: Reached;
  /** Tries of one batch of changes before it counts as failed. */
  readonly tries: number;
  readonly clock: Clock;
}

/** A function with the change stream before it and its sink behind it. */
export interface OutboxReader {
  readonly name: OutboxReaderName;
  readonly handler: StreamHandler;
  /** What stands by now. */
  reached(): Reached;
  /** Has everything read that is committed by now. @throws when `tries` of one batch are used up. */
  readAll(): Promise<Reached>;
  close(): Promise<void>;
}

/** A function, and the sink behind it. */
interface OutboxFunction {
  readonly name: OutboxReaderName;
  readonly handler: StreamHandler;
  /** How long its files are with all that was sent so far. */
  lengths(): Reached["lengths"];
  close(): Promise<void>;
}

/** Puts a function behind the changes that stand in a state's file. */
export function openOutboxReader(
  { name, handler, lengths, close }: OutboxFunction,
  options: Pick<OutboxReaderOptions, "statePath" | "reached" | "tries">,
): OutboxReader {
  const { statePath, tries } = options;
  const database = new DatabaseSync(statePath, { readOnly: true });
  const feed = new ChangeFeed(database);
  const wait = (attempt: number) => sleep(Math.min(100 * 2 ** attempt, 5_000));
  let { cursor } = options.reached;
  const reached = (): Reached => ({ cursor, lengths: lengths() });
  return {
    name,
    handler,
    reached,
    async readAll() {
      cursor = await deliverChanges(feed, { name, handler }, cursor, { tries, wait });
      return reached();
    },
    async close() {
      await close();
      database.close();
    },
  };
}
