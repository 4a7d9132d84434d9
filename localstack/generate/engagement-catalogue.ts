import type { DurationMs, WallTimeMs } from "../../shared/core/units.ts";
import { contentTable } from "../../shared/pipelines/engagement/records.ts";
import { type ContentRow, changeKey, type Operation } from "./engagement-changes.ts";
import { int64Id } from "./engagement-values.ts";
import type { Random } from "./random.ts";
import type { Run, Subject } from "./traffic-plan.ts";

/** What a change of `content` is about. */
export interface ContentChange extends Subject {
  readonly kind: "content";
  readonly op: Operation;
  readonly row: ContentRow;
  readonly snapshot: string;
}

/** Something that people look at, and what the topic has told of it so far. */
export interface Content {
  readonly id: string;
  row: ContentRow;
  /** Whether the last that was told is a row: it was not deleted since. */
  isTold: boolean;
}

interface Due {
  readonly at: WallTimeMs;
  readonly content: Content;
}

const contents = 4_000;
/** The busiest content is then about 45 times as busy as the average one. */
const contentsPerFlattened = 250;
/** How often a look is at something new, in the place of what was as popular. */
const newShare = 0.005;
/** How often a record is a change of a row that nobody waits for. */
const changeShare = 0.02;
const second: DurationMs = 1_000;
const minute: DurationMs = 60 * second;

/** The contents of a run: how popular they are, and when `content` tells of them. */
export class Catalogue {
  readonly #run: Run;
  /** By popularity; there is one from its first look on. */
  readonly #contents: Content[] = [];
  /** Rows that are yet to be told, the next one first. */
  readonly #due: Due[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  /** What comes next: a change of `content`, or a content that somebody looks at. */
  next(ts: WallTimeMs): ContentChange | Content {
    const { random } = this.#run;
    const due = this.#due[0];
    if (due && due.at <= ts) return this.#tell((this.#due.shift() as Due).content, "c");
    const changed = random.chance(changeShare) ? this.#contents[this.#rank()] : undefined;
    if (changed?.isTold) return this.#change(changed, ts);
    const rank = this.#rank();
    const known = this.#contents[rank];
    if (known && !random.chance(newShare)) return known;
    return this.#show(rank, known === undefined, ts);
  }

  /** One whose row is yet to be told. */
  awaited(): Content | undefined {
    return this.#due.length === 0 ? undefined : this.#run.random.pick(this.#due).content;
  }

  #rank(): number {
    return this.#run.random.zipf(contents, contents / contentsPerFlattened);
  }

  /**
   * A new content. Of nine in ten a row is told before anyone looks at it, of most others within 8 minutes, of the rest after 16 or more, when
   * events no longer wait for it, or never.
   */
  #show(rank: number, isFirst: boolean, ts: WallTimeMs): ContentChange | Content {
    const { random, ids } = this.#run;
    const id = isFirst ? firstId(rank) : int64Id(ids, ids.next());
    const content = { id, row: newRow(id, random), isTold: false };
    this.#contents[rank] = content;
    const drawn = random.fraction();
    if (drawn < 0.9) return this.#tell(content, isFirst && random.chance(0.5) ? "r" : "c");
    if (drawn < 0.97) this.#tellAt(ts + random.integer(second, 8 * minute), content);
    else if (drawn < 0.99) this.#tellAt(ts + random.integer(16 * minute, 40 * minute), content);
    return content;
  }

  /** Four in five are updates. Most of what is deleted is created once more. */
  #change(content: Content, ts: WallTimeMs): ContentChange {
    const { random } = this.#run;
    const drawn = random.fraction();
    if (drawn < 0.15) return this.#tell(content, "r");
    content.row = { ...content.row, length: newLength(content.row.type, random) };
    if (drawn < 0.95) return this.#tell(content, "u");
    if (random.chance(0.7)) this.#tellAt(ts + random.integer(second, 20 * minute), content);
    return this.#tell(content, "d");
  }

  #tell(content: Content, op: Operation): ContentChange {
    const { id, row } = content;
    content.isTold = op !== "d";
    // Rows that a snapshot reads come amid others only where it is an incremental one.
    const snapshot = op === "r" ? "incremental" : "false";
    return { kind: "content", topic: contentTable, key: changeKey(id), op, row, snapshot };
  }

  #tellAt(at: WallTimeMs, content: Content): void {
    const later = this.#due.findIndex((other) => other.at > at);
    this.#due.splice(later === -1 ? this.#due.length : later, 0, { at, content });
  }
}

/** The same in every run. Every fortieth and the next one are neighbours that are one and the same as floating-point numbers. */
function firstId(rank: number): string {
  const place = rank % 40;
  return String(place === 7 || place === 8 ? 2n ** 53n + BigInt(rank) : rank);
}

function newRow(contentId: string, random: Random): ContentRow {
  const drawn = random.fraction();
  const type = drawn < 0.6 ? "video" : drawn < 0.8 ? "podcast" : drawn < 0.97 ? "article" : "livestream";
  return { contentId, type, length: newLength(type, random) };
}

/** In seconds: an article has none, and of a livestream it is 0 until it has ended. */
function newLength(type: string, random: Random): number | null {
  if (type === "article") return null;
  if (type === "livestream" && random.chance(0.5)) return 0;
  return type === "video" ? random.integer(15, 3_600) : random.integer(300, 10_800);
}
