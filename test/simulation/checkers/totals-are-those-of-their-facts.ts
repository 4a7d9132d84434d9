import { comparePositions, readPosition, type StoredPosition } from "../../../shared/core/position.ts";
import type { Document } from "../../../shared/ports/state-store.ts";
import { byValue } from "../traffic/simulated-pipeline.ts";
import type { CheckerOf } from "./checker.ts";
import { oracleLine, placeOf, rejectionsByPlace } from "./stored-rows.ts";

interface Total {
  readonly at: Readonly<Record<string, StoredPosition>>;
  readonly t: unknown;
  readonly n: number;
}

interface Listed {
  readonly at: readonly [lane: string, position: StoredPosition];
  readonly e: { readonly total: string };
}

/**
 * Semantics of purchases and of the views of contents: at any moment a user's total is that of the list up to its fence; in the end each fact
 * is in its total once.
 */
export const totalsAreThoseOfTheirFacts: CheckerOf = (world, fail) => ({
  name: "totals are those of their facts",
  onWritten(table, document) {
    const user = /^purchases\|total\|(.*)$/s.exec(document.key)?.[1];
    if (table !== "entities" || user === undefined) return;
    const { at, t, n } = JSON.parse(document.body) as Total;
    const shown = (world.tables.entries.get(`purchases|list|${user}`) ?? [])
      .map(({ body }) => JSON.parse(body) as Listed)
      .filter(({ at: [lane, position] }) => isFolded(at[lane], position));
    const sum = sumOf(shown.map(({ e }) => e.total));
    if (shown.length !== n || sum !== byValue(t))
      fail(`${user} owes ${t} for ${n}, and the list says ${sum} for ${shown.length}`);
  },
  atEnd() {
    const { pipeline, settings, topics, tables } = world;
    if (!settings.sinks.includes("views")) return;
    const rejections = rejectionsByPlace(world);
    const lines = topics.all.filter((record) => !rejections.has(placeOf(record))).map(oracleLine);
    const rows = pipeline.judge(lines, settings).rows as Readonly<Record<string, unknown>>[];
    const fold = pipeline.name === "purchases" ? "total" : "content";
    const owner = pipeline.name === "purchases" ? "userId" : "content_id";
    const wanted = Map.groupBy(rows, (row) => `${pipeline.name}|${fold}|${row[owner]}`);
    for (const [key, facts] of wanted) checkTotal(tables.documents.entities.get(key), key, facts, fail);
    const known = [...tables.documents.entities.keys()].filter((key) => key.startsWith(`${pipeline.name}|${fold}|`));
    for (const key of known) if (!wanted.has(key)) fail(`${key} is a total of nothing`);
  },
});

function checkTotal(
  document: Document | undefined,
  key: string,
  facts: readonly Readonly<Record<string, unknown>>[],
  fail: (message: string) => void,
): void {
  const { n, t } = document ? (JSON.parse(document.body) as Total) : { n: 0, t: undefined };
  if (n !== facts.length) fail(`${key} counts ${n}, to be ${facts.length}`);
  const sum = sumOf(facts.map(({ total }) => String(total)));
  if (key.startsWith("purchases|") && byValue(t) !== sum) fail(`${key} is ${byValue(t)}, to be ${sum}`);
}

function isFolded(fence: StoredPosition | undefined, position: StoredPosition): boolean {
  return fence !== undefined && comparePositions(readPosition(position), readPosition(fence)) <= 0;
}

/** Of amounts of two digits behind the point at most. */
function sumOf(amounts: readonly string[]): string {
  const cents = amounts.reduce((sum, amount) => sum + Math.round(Number(amount) * 100), 0);
  return byValue((cents / 100).toFixed(2));
}
