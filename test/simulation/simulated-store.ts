import { compareCodePoints } from "../../shared/core/last-touch.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type {
  CommitOutcome,
  Document,
  DocumentTable,
  DueList,
  DueLists,
  Entry,
  EntryLists,
  StateStore,
} from "../../shared/ports/state-store.ts";

export type TableName = "entities" | "progress";

/** What is stored. It does what it is asked for at once, and as a whole. */
export class SimulatedTables {
  readonly documents: Readonly<Record<TableName, Map<string, Document>>> = { entities: new Map(), progress: new Map() };
  readonly due = new Map<string, DueList[]>();
  readonly entries = new Map<string, Entry[]>();
  /** Told of every document that is written, and of the one that stood there before. */
  onWritten: (table: TableName, document: Document, before: Document | undefined) => void = () => {};

  read(table: TableName, key: string, now: WallTimeMs): Document | undefined {
    const document = this.documents[table].get(key);
    return document && isLiving(document, now) ? document : undefined;
  }

  /** As `DynamoDocumentTable` does it. */
  commit(table: TableName, wanted: Document, now: WallTimeMs): CommitOutcome {
    const document = rounded(wanted);
    const stored = this.documents[table].get(document.key);
    const living = stored && isLiving(stored, now) ? stored : undefined;
    if ((living?.version ?? 0) === document.version - 1) {
      this.documents[table].set(document.key, document);
      this.onWritten(table, document, living);
      return { kind: "committed" };
    }
    return stored && isSame(stored, document) ? { kind: "committed" } : { kind: "conflict", found: living };
  }

  /** Removes what has expired, as DynamoDB does some day. @returns what is gone. */
  sweep(now: WallTimeMs, isDue: () => boolean): Document[] {
    const gone = [...this.documents.entities.values()].filter((document) => !isLiving(document, now) && isDue());
    for (const { key } of gone) this.documents.entities.delete(key);
    return gone;
  }

  appendDue(list: DueList): void {
    this.removeDue(list);
    const lists = listOf(this.due, list.scope);
    lists.push(list);
    lists.sort(inDueOrder);
  }

  /** At most `limit` lists behind `after`. */
  dueBehind(scope: string, until: number, after: DueList | undefined, limit: number): DueList[] {
    return listOf(this.due, scope)
      .filter((list) => list.bucketEnd <= until && (!after || inDueOrder(list, after) > 0))
      .slice(0, limit);
  }

  removeDue({ scope, bucketEnd, name }: Pick<DueList, "scope" | "bucketEnd" | "name">): void {
    const kept = listOf(this.due, scope).filter((list) => list.bucketEnd !== bucketEnd || list.name !== name);
    this.due.set(scope, kept);
  }

  appendEntry(entry: Entry): void {
    const entries = listOf(this.entries, entry.list);
    if (!entries.some(({ order }) => order === entry.order)) entries.push(entry);
  }

  lastEntries(list: string, limit: number, before: string | undefined): Entry[] {
    return listOf(this.entries, list)
      .filter(({ order }) => before === undefined || compareCodePoints(order, before) < 0)
      .sort((a, b) => compareCodePoints(b.order, a.order))
      .slice(0, limit);
  }
}

/** What stands between a handler and the tables. */
export interface Gate {
  call<T>(kind: "read" | "write", label: string, run: () => T): Promise<T>;
  /** Whether a request for several things goes as several requests, which others come between. */
  splits(): boolean;
}

/** How many due lists come in one page. */
const pageSize = 2;

/** The tables as a handler knows them: each request goes through its gate. */
export function simulatedStore(tables: SimulatedTables, clock: Clock, gate: Gate): StateStore {
  const each = async <T>(kind: "read" | "write", label: string, items: readonly T[], run: (item: T) => void) => {
    if (items.length > 1 && gate.splits()) {
      await Promise.all(
        items.map((item, at) => gate.call(kind, `${label} ${at + 1}/${items.length}`, () => run(item))),
      );
    } else if (items.length > 0) {
      await gate.call(kind, label, () => items.forEach(run));
    }
  };
  const table = (name: TableName): DocumentTable => ({
    async read(keys) {
      const found = new Map<string, Document>();
      await each("read", `read ${name} ${keys.join(", ")}`, keys, (key) => {
        const document = tables.read(name, key, clock.now());
        if (document) found.set(key, document);
      });
      return found;
    },
    commit: (document) =>
      gate.call("write", `commit ${name} ${document.key} v${document.version}`, () =>
        tables.commit(name, document, clock.now()),
      ),
  });
  const due: DueLists = {
    append: (lists) => each("write", `append due ${lists.map(nameOfDue)}`, lists, (list) => tables.appendDue(list)),
    async *upTo(scope, until) {
      for (let after: DueList | undefined; ; ) {
        const page = await gate.call("read", `read due ${scope}`, () =>
          tables.dueBehind(scope, until, after, pageSize),
        );
        yield* page;
        if (page.length < pageSize) return;
        after = page.at(-1);
      }
    },
    remove: (lists) => each("write", `remove due ${lists.map(nameOfDue)}`, lists, (list) => tables.removeDue(list)),
  };
  const lists: EntryLists = {
    append: (entries) =>
      each("write", `append ${entries.length} entries`, entries, (entry) => tables.appendEntry(entry)),
    last: (list, limit, before) => gate.call("read", `last of ${list}`, () => tables.lastEntries(list, limit, before)),
  };
  return { entities: table("entities"), progress: table("progress"), due, lists };
}

/** For who looks at the tables while nobody else is at them. */
export const openGate: Gate = { call: async (_kind, _label, run) => run(), splits: () => false };

function isLiving({ expiresAt }: Document, now: WallTimeMs): boolean {
  return expiresAt === undefined || now < expiresAt;
}

/** DynamoDB's TTL counts in seconds. */
function rounded(document: Document): Document {
  const { expiresAt } = document;
  return expiresAt === undefined ? document : { ...document, expiresAt: Math.ceil(expiresAt / 1_000) * 1_000 };
}

function isSame(a: Document, b: Document): boolean {
  return (["version", "body", "settled", "outbox", "expiresAt"] as const).every((name) => a[name] === b[name]);
}

function nameOfDue({ scope, bucketEnd, name }: Pick<DueList, "scope" | "bucketEnd" | "name">): string {
  return `${scope} ${bucketEnd} ${name}`;
}

function inDueOrder(a: DueList, b: DueList): number {
  return a.bucketEnd - b.bucketEnd || compareCodePoints(a.name, b.name);
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}
