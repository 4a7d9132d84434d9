import type { Engine } from "../../../shared/runtime/engine.ts";
import { partitionsTogether } from "../../../shared/runtime/engine.ts";
import { rowKey } from "../../../shared/runtime/keys.ts";
import { readRow } from "../../../shared/runtime/partition-row.ts";
import type { CheckerOf } from "./checker.ts";

/**
 * What makes final results final: F is never ahead of the floor of a source. Where one was idle it was left out, and nobody can tell from the
 * rows any more; then this says nothing.
 */
export const closingsStayBehindTheFloors: CheckerOf = ({ running, settings, tables }, fail) => {
  const together = { pipeline: running, settings } as unknown as Engine;
  let wasIdle = false;
  return {
    name: "closings stay behind the floors",
    onWritten(table, document) {
      if (table !== "progress") return;
      if (document.key.startsWith("row|")) wasIdle ||= readRow(document).idle;
      if (!document.key.startsWith("closed|") || wasIdle) return;
      const { closed } = JSON.parse(document.body) as { closed?: number };
      const partition = Number(document.key.split("|")[2]) || 0;
      for (const source of partitionsTogether(together, partition)) {
        const key = rowKey(together.pipeline, source);
        const { floor } = readRow(tables.documents.progress.get(key));
        if (closed !== undefined && closed > (floor ?? -1))
          fail(`${document.key} is closed up to ${closed}, ahead of the floor ${floor} of ${key}`);
      }
    },
  };
};
