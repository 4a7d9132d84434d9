import type { CheckerOf } from "./checker.ts";

/** A closed bucket leaves no due list behind. */
export const dueListsAreCleared: CheckerOf = ({ running, tables }, fail) => ({
  name: "due lists are cleared",
  atEnd() {
    for (const [scope, lists] of tables.due) {
      const closing = tables.documents.progress.get(`closed|${scope}`);
      const closed = closing && (JSON.parse(closing.body) as { closed?: number }).closed;
      const left = lists.filter(({ bucketEnd }) => closed !== undefined && bucketEnd <= closed);
      if (left.length > 0)
        fail(`${running.name}: ${scope} is closed up to ${closed} and has ${left.length} lists left`);
    }
  },
});
