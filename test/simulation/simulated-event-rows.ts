import type { EventRow, EventRows } from "../../shared/ports/event-rows.ts";
import type { Actor, Scheduler } from "./scheduler.ts";
import type { Topics } from "./topics.ts";

/** Rows in a page: few, so that a backfill takes several. */
const pageSize = 4;

/**
 * The tables behind the capture: the events whose changes are in their topic, save for those that the topic's reader may refuse, which a
 * backfill would take; and no content, as none of them tells how much of it is there by now.
 */
export function simulatedEventRows(topics: Topics, scheduler: Scheduler, actor: Actor): EventRows {
  const rows = ({ after }: { readonly after?: string }): EventRow[] =>
    topics.all
      .filter(({ of }) => of.time !== null && of.time <= of.timestamp && String(of.value).length < 400)
      .map(({ of }) => ({ id: idOf(String(of.value)), change: String(of.value), content: null }))
      .filter(({ id }) => after === undefined || Number(id) > Number(after))
      .sort((a, b) => Number(a.id) - Number(b.id))
      .filter(({ id }, at, all) => id !== all[at - 1]?.id);
  return {
    count: (range) => scheduler.call(actor, "read", "count rows", () => rows(range).length),
    async *read(range) {
      for (let after = range.after; ; ) {
        const from = after;
        const page = await scheduler.call(actor, "read", `read rows after ${from}`, () =>
          rows(from === undefined ? {} : { after: from }).slice(0, pageSize),
        );
        if (page.length === 0) return;
        yield page;
        after = page.at(-1)?.id;
      }
    },
    close: async () => {},
  };
}

function idOf(change: string): string {
  return String((JSON.parse(change) as { after: { id: number } }).after.id);
}
