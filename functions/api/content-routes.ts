import type * as z from "zod/mini";
import type { ContentViews } from "../../shared/ports/content-views.ts";
import {
  type enrichedEvent,
  readEventCount,
  readEventMinutes,
  readLastEvent,
  readTopContents,
} from "./content-operations.ts";
import { answerWith, type Route, route } from "./operation.ts";

export function contentRoutes(views: ContentViews): readonly Route[] {
  return [
    route(readLastEvent, async ({ id: contentId }) => {
      const last = await views.last(contentId);
      // The port leaves the columns to the pipeline, which makes these.
      return answerWith({ contentId, last: (last ?? null) as z.input<typeof enrichedEvent> | null });
    }),
    route(readEventCount, async ({ id: contentId }) => answerWith({ contentId, count: await views.count(contentId) })),
    route(readEventMinutes, async ({ id: contentId }) => {
      const counts = await views.minutes(contentId);
      return answerWith({ contentId, minutes: Object.fromEntries(counts.map(({ minute, count }) => [minute, count])) });
    }),
    route(readTopContents, async (_, { minutes, limit }) =>
      answerWith({ minutes, top: [...(await views.top(minutes, limit))] }),
    ),
  ];
}
