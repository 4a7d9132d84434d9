import type { CheckerOf } from "./checker.ts";

/** Invariant 3, at any moment: a result of a closed bucket gets no revision any more. */
export const nothingFinalChanges: CheckerOf = ({ running, tables }, fail) => ({
  name: "nothing final changes",
  onWritten(table, document) {
    if (table !== "entities" || document.outbox === undefined || running.kind !== "keyed") return;
    const partition = running.scope === "topic" ? "all" : document.key.split("|")[1];
    const closing = tables.documents.progress.get(`closed|${running.name}|${partition}`);
    const closed = closing && (JSON.parse(closing.body) as { closed?: number }).closed;
    for (const { output, message } of running.emittedBy(document)) {
      if (closed !== undefined && message.timestamp < closed)
        fail(`${output.id} of ${message.timestamp} comes when all up to ${closed} is closed`);
    }
  },
});
