import type { ContentCount, ContentViews, EnrichedEvent, MinuteCount } from "../../../shared/ports/content-views.ts";

export interface HeldContent {
  readonly last?: EnrichedEvent;
  readonly count?: number;
  readonly minutes?: readonly MinuteCount[];
}

/** Views that hold what a test puts in, and remember what they were asked. */
export class MemoryContents implements ContentViews {
  readonly held = new Map<string, HeldContent>();
  /** As `top` answers it, whatever the minutes. */
  ranked: readonly ContentCount[] = [];
  readonly asked: (readonly (string | number)[])[] = [];

  async last(contentId: string) {
    this.asked.push(["last", contentId]);
    return this.held.get(contentId)?.last;
  }

  async count(contentId: string) {
    this.asked.push(["count", contentId]);
    return this.held.get(contentId)?.count ?? 0;
  }

  async minutes(contentId: string) {
    this.asked.push(["minutes", contentId]);
    return this.held.get(contentId)?.minutes ?? [];
  }

  async top(minutes: number, limit: number) {
    this.asked.push(["top", minutes, limit]);
    return this.ranked.slice(0, limit);
  }
}
