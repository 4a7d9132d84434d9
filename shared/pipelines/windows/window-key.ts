import { StreamError } from "../../core/errors.ts";
import { formatEventTime, parseEventTime } from "../../core/time.ts";
import type { EventTimeMs } from "../../core/units.ts";

/** One user's window. */
export interface UserWindow {
  readonly user: string;
  readonly start: EventTimeMs;
}

/**
 * The name of one user's one window: `user_1|2024-01-01T12:10:00Z`. It is the key of its state, of its result and of its messages.
 * A user id may hold `|` itself, a time never does: whatever stands before the last one is the user.
 */
export function keyOfWindow(user: string, start: EventTimeMs): string {
  return `${user}|${formatEventTime(start)}`;
}

/** What `keyOfWindow` was made of. @throws {StreamError} fault `bug`: it was made of something else. */
export function readWindowKey(key: string): UserWindow {
  const bar = key.lastIndexOf("|");
  const start = parseEventTime(key.slice(bar + 1));
  if (bar === -1 || start === undefined) throw new StreamError("bug", `${key} is no key of a window`);
  return { user: key.slice(0, bar), start };
}
