import type { Redis } from "ioredis";
import type { Output } from "../../shared/ports/output.ts";

/** What stands in a Redis, key by key: the text of strings, the scores of sorted sets. Without marks. */
export async function readViews(client: Redis): Promise<Record<string, unknown>> {
  const keys = (await client.keys("*")).filter((key) => !key.startsWith("event:seen:")).sort();
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await contentOf(client, key)])));
}

/** When a key goes, in milliseconds since 1970; `undefined`: never, or there is none. */
export async function expiryOf(client: Redis, key: string): Promise<number | undefined> {
  const exact = await client.call("PEXPIRETIME", key).catch(() => undefined);
  if (exact !== undefined) return Number(exact) < 0 ? undefined : Number(exact);
  // Before Redis 7.0 it has to be added up, within one millisecond.
  for (;;) {
    const said = (await client.multi().time().pttl(key).time().exec()) as unknown as [unknown, number & string[]][];
    const [before, left, after] = said.map(([, value]) => value);
    if (left === undefined || left < 0) return undefined;
    if (millisOf(before) === millisOf(after)) return millisOf(before) + left;
  }
}

function millisOf([seconds, micros]: readonly string[] = []): number {
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

async function contentOf(client: Redis, key: string): Promise<unknown> {
  const type = await client.type(key);
  if (type === "string") return client.get(key);
  if (type !== "zset") return `a ${type}`;
  const flat = await client.zrange(key, "-inf", "+inf", "BYSCORE", "WITHSCORES");
  const scores = flat.flatMap((member, i) => (i % 2 === 0 ? [[member, Number(flat[i + 1])] as const] : []));
  return Object.fromEntries(scores);
}

interface EngagementOf {
  readonly event: string | number;
  readonly content: string | number;
  /** Milliseconds since 1970, or text as in the body. */
  readonly time: number | string;
  readonly revision?: number;
}

/** An enriched event. Its revisions differ in more than their number. */
export function engagement({ event, content, time, revision = 1 }: EngagementOf): Output {
  const entity = String(event);
  const body = {
    ...{ event_id: event, content_id: content, user_id: 'u"1"', event_type: "play" },
    ...{ event_ts: typeof time === "number" ? timeText(time) : time, duration_ms: 7_000, device: null },
    ...{ content_type: revision === 1 ? null : "video", length_seconds: revision === 1 ? null : 300, revision },
  };
  return { id: `engagement:${entity}:${revision}`, pipeline: "engagement", entity, revision, final: true, body };
}

export function timeText(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
