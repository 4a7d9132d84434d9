declare const unit: unique symbol;
/** A number that knows its unit: a plain number may become one, but one unit never passes for another. */
type In<Unit extends string> = number & { readonly [unit]?: Unit };

/** A point in event time: integer milliseconds since 1970-01-01T00:00:00Z, at most the end of the year 9999. */
export type EventTimeMs = In<"event time">;
/** A point in wall-clock time: integer milliseconds since 1970-01-01T00:00:00Z. */
export type WallTimeMs = In<"wall time">;
/** A length of time in milliseconds, 0 or more. */
export type DurationMs = In<"duration">;
