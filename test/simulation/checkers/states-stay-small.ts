import type { CheckerOf } from "./checker.ts";

/** What a state may hold after two records of its key, far behind all others: those two, and little else. */
const entriesMax = 3;
/** The latest click of each of the three campaigns there are besides. */
const touchesMax = 5;

/** Invariant 5: once the watermark has passed everything, and each key has had a record since, nothing old is left in a state of a join. */
export const statesStaySmall: CheckerOf = ({ running, tables }, fail) => ({
  name: "states stay small",
  atEnd() {
    if (running.name !== "attribution" && running.name !== "conversions") return;
    for (const { key, body, settled = "" } of tables.documents.entities.values()) {
      // Of the user whose records only carry the watermark on.
      if (key.endsWith("|flush")) continue;
      const { s, no = [] } = JSON.parse(body) as { s: [number, unknown[], unknown[]]; no?: unknown[] };
      const [, touches, outcomes] = s;
      const lines = settled.split("\n").length - 1;
      const most = Math.max(outcomes.length, lines, no.length);
      if (most > entriesMax || touches.length > touchesMax)
        fail(
          `${key} holds ${touches.length} touches, ${outcomes.length} outcomes, ${lines} settled, ${no.length} refused`,
        );
    }
  },
});
