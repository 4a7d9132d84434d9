import { readOutputId } from "../simulated-sinks.ts";
import type { CheckerOf } from "./checker.ts";
import { rowsUnder } from "./stored-rows.ts";

/**
 * Invariant 3, at the source: each version of a document that carries outputs brings the next revision of each of them, none follows a
 * final one, and the final row is the last revision.
 */
export const revisionsHaveNoHoles: CheckerOf = (world, fail) => {
  const { running, pipeline, settings } = world;
  const last = new Map<string, { revision: number; isFinal: boolean }>();
  return {
    name: "revisions have no holes",
    onWritten(table, document) {
      if (table !== "entities" || document.outbox === undefined) return;
      for (const { output } of running.emittedBy(document)) {
        const { revision, isFinal } = last.get(output.entity) ?? { revision: 0, isFinal: false };
        if (output.revision !== revision + 1) fail(`${output.id} follows revision ${revision}`);
        if (isFinal) fail(`${output.id} follows a final revision`);
        if (readOutputId(output.id).entity !== output.entity) fail(`${output.id} doesn't name ${output.entity}`);
        last.set(output.entity, { revision: output.revision, isFinal: output.final });
      }
    },
    atEnd() {
      if (!settings.sinks.includes("s3") || last.size === 0) return;
      for (const row of rowsUnder(world, `${running.dataset}/`)) {
        if (row.revision === undefined) continue;
        const entity = pipeline.entityOf(row);
        if (last.get(entity)?.revision !== row.revision)
          fail(`the final row of ${entity} has revision ${row.revision}, the last was ${last.get(entity)?.revision}`);
      }
    },
  };
};
