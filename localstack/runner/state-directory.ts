import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../cli/usage-error.ts";
import { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { systemClock } from "../embedded/system-clock.ts";

export const stateFile = "tidemark.sqlite";
const ownerFile = ".tidemark-state";

/** The state in a directory, held by this process alone until `close`. */
export interface HeldState {
  /** The store's file. */
  readonly path: string;
  readonly store: SqliteStateStore;
  close(): void;
}

/** @throws {UsageError} the directory can't be written, or another process holds it. */
export function holdState(directory: string): HeldState {
  makeWritable(directory, "--state");
  // SQLite's own lock on a database of its own: it goes with the process, however that ends.
  const lock = new DatabaseSync(join(directory, "lock.sqlite"));
  try {
    lock.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch {
    lock.close();
    throw new UsageError(`${directory} is in use by another tidemark process; stop it, or give another --state`);
  }
  const path = join(directory, stateFile);
  const store = new SqliteStateStore({ path, clock: systemClock });
  return {
    path,
    store,
    close: () => {
      store.close();
      lock.close();
    },
  };
}

/**
 * Makes the output directory this state's. The output of two states in one place would mix: objects are created once, by name.
 * @throws {UsageError} it can't be written, or holds the output of another state.
 */
export function claimOutput(directory: string, store: SqliteStateStore): void {
  makeWritable(directory, "--out");
  const id = store.note("id") ?? randomUUID();
  const marker = join(directory, ownerFile);
  const owner = existsSync(marker) ? readFileSync(marker, "utf8") : existsSync(join(directory, "s3")) ? "unknown" : id;
  if (owner !== id) {
    throw new UsageError(`${directory} holds the output of another state; give another --out, or remove it first`);
  }
  store.setNote("id", id);
  // Whole or not at all: a kill that left the marker empty would make the directory somebody else's.
  writeFileSync(`${marker}.new`, id);
  renameSync(`${marker}.new`, marker);
}

/** @throws {UsageError} naming the option to change. */
export function makeWritable(directory: string, option: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch {
    throw new UsageError(`${directory} can't be written; give another directory with ${option}`);
  }
}
