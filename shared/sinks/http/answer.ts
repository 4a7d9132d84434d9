import type { DurationMs, WallTimeMs } from "../../core/units.ts";
import type { DeliveryOutcome } from "../../ports/endpoint.ts";
import type { Reply } from "./exchange.ts";

/** Looks for a failure in the body of a 2xx answer; gets at most its first 64 KB. `undefined`: none. */
export type FailureInBody = (body: string) => "refused" | "unavailable" | undefined;

const retryAfterMax: DurationMs = 24 * 3_600_000;
const excerptMax = 200;
const passing: readonly number[] = [408, 425, 429];

/** For endpoints that always answer 200 and put `{"status":"error"}` in the body. `unavailable`: it can't tell whether that will pass. */
export const statusErrorInBody: FailureInBody = (body) => {
  try {
    const parsed: unknown = JSON.parse(body);
    const said = typeof parsed === "object" && parsed !== null && "status" in parsed && parsed.status === "error";
    return said ? "unavailable" : undefined;
  } catch {
    return undefined;
  }
};

/** What a reply means for the message. 2xx: accepted. 408, 425, 429 and 5xx: it may pass. All others, redirects too: refused. */
export function outcomeOf(reply: Reply, now: WallTimeMs, failureInBody: FailureInBody | undefined): DeliveryOutcome {
  if (reply.kind === "failed") return { kind: "unavailable", reason: reply.reason };
  const { status, body } = reply;
  if (status >= 200 && status < 300) return bodyOutcome(status, body, failureInBody);
  if (status < 500 && !passing.includes(status)) return { kind: "refused", status, reason: describe(status, body) };
  const retryAfter = readRetryAfter(reply.retryAfter, now);
  return { kind: "unavailable", reason: describe(status, body), ...(retryAfter !== undefined && { retryAfter }) };
}

/** The wait that a `Retry-After` asks for in seconds or by an HTTP date, in milliseconds, at most a day; `undefined` for other text. */
export function readRetryAfter(header: string | undefined, now: WallTimeMs): DurationMs | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header)
    ? Number(header) * 1_000
    : header.endsWith(" GMT")
      ? Date.parse(header) - now
      : Number.NaN;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), retryAfterMax);
}

function bodyOutcome(status: number, body: string, failureInBody: FailureInBody | undefined): DeliveryOutcome {
  const kind = failureInBody?.(body);
  if (kind === undefined) return { kind: "accepted" };
  const reason = `${describe(status, body)} (a failure by its body)`;
  return kind === "refused" ? { kind, status, reason } : { kind, reason };
}

function describe(status: number, body: string): string {
  const redirect = status >= 300 && status < 400 ? " (redirects are not followed)" : "";
  const excerpt = body
    .slice(0, excerptMax)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, " ")
    .trim();
  return `status ${status}${redirect}${excerpt && `: ${excerpt}`}`;
}
