import { randomUUID } from "node:crypto";
import {
  closeSync,
  type Dirent,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { checkObjectName, unfinishedFolder } from "../../shared/core/object-name.ts";
import type { DurationMs } from "../../shared/core/units.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

export interface DirectoryObjectStoreOptions {
  /** Whether an object that was created survives a power failure. A kill it survives anyway. Default true. */
  readonly fsync?: boolean;
}

/** A file that is still being written is younger than this, whoever writes it; one that is older was left by a process that died. */
const unfinishedAgeMax: DurationMs = 10 * 60_000;

/**
 * Objects as files below a directory.
 *
 * A file is written under another name and then linked to its own: `link` fails where the name is taken, and a kill leaves the whole file
 * or none. Unlike in S3 no object can lie below another: `a/b` can't be created where `a` is.
 */
export class DirectoryObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #fsync: boolean;
  /** The directories that are known to last. */
  readonly #lasting = new Set<string>();

  private constructor(root: string, { fsync = true }: DirectoryObjectStoreOptions) {
    this.#root = root;
    this.#fsync = fsync;
  }

  /** Opens the store in `root`, which is made if need be, and removes what dead processes left unfinished. */
  static async open(root: string, options: DirectoryObjectStoreOptions = {}): Promise<DirectoryObjectStore> {
    const store = new DirectoryObjectStore(resolve(root), options);
    await mkdir(store.#unfinished, { recursive: true });
    await store.#removeLeftovers();
    return store;
  }

  async create(name: string, bytes: Uint8Array): Promise<"created" | "taken"> {
    // Synchronous calls: for small files handing each to a thread takes several times as long as the call.
    const path = this.#pathOf(name);
    const unfinished = join(this.#unfinished, randomUUID());
    try {
      this.#write(unfinished, bytes);
      mkdirSync(dirname(path), { recursive: true });
      const outcome = linkIfFree(unfinished, path);
      // Also where the name is taken: its creator may not have come this far yet, and the caller is about to rely on it.
      this.#makeLast(dirname(path));
      return outcome;
    } finally {
      rmSync(unfinished, { force: true });
    }
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#pathOf(name));
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<string> {
    yield* this.#listFolder("", prefix);
  }

  /** `folder`: empty, or with a slash at its end. */
  async *#listFolder(folder: string, prefix: string): AsyncGenerator<string> {
    for (const entry of await entriesOf(join(this.#root, folder))) {
      const name = folder + entry;
      if (!name.startsWith(prefix) && !prefix.startsWith(name)) continue;
      if (name === `${unfinishedFolder}/`) continue;
      if (entry.endsWith("/")) yield* this.#listFolder(name, prefix);
      else if (name.startsWith(prefix)) yield name;
    }
  }

  get #unfinished(): string {
    return join(this.#root, unfinishedFolder);
  }

  #pathOf(name: string): string {
    return join(this.#root, checkObjectName(name));
  }

  #write(path: string, bytes: Uint8Array): void {
    writeFileSync(path, bytes, { flag: "wx", flush: this.#fsync });
  }

  /** A new name lasts when its directory is synced; a new directory, when the one above it is. */
  #makeLast(directory: string): void {
    if (!this.#fsync) return;
    syncDirectory(directory);
    if (this.#lasting.has(directory) || relative(this.#root, directory) === "") return;
    this.#makeLast(dirname(directory));
    this.#lasting.add(directory);
  }

  async #removeLeftovers(): Promise<void> {
    const now = Date.now();
    for (const name of await readdir(this.#unfinished)) {
      const path = join(this.#unfinished, name);
      const found = await stat(path).catch(() => undefined);
      if (found && now - found.mtimeMs > unfinishedAgeMax) await rm(path, { force: true });
    }
  }
}

function linkIfFree(from: string, to: string): "created" | "taken" {
  try {
    linkSync(from, to);
    return "created";
  } catch (error) {
    // A directory in the way is no object: to say `taken` would send the caller looking for one.
    if (codeOf(error) === "EEXIST" && statSync(to).isFile()) return "taken";
    throw error;
  }
}

function syncDirectory(path: string): void {
  // Windows can't open a directory, and writes its entries by itself.
  if (process.platform === "win32") return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Names of files, and of directories with a slash behind: so sorted, walking down makes code-point order of the whole names. */
async function entriesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown): Dirent[] => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.isFile() ? entry.name : []));
  return names
    .map((name) => Buffer.from(name))
    .sort(Buffer.compare)
    .map(String);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
