/** The ids behind `after`, up to `to` and with it. */
export interface IdSpan {
  readonly after: bigint;
  readonly to: bigint;
}

/** Where a reader stands that goes through all ids of a span: it looks at the next `width` of them. */
export interface IdWalk extends IdSpan {
  readonly width: bigint;
}

export function startWalk(span: IdSpan, rowsMax: number): IdWalk {
  return { ...span, width: BigInt(rowsMax) };
}

export function isOver({ after, to }: IdWalk): boolean {
  return after >= to;
}

/** What to ask for next. With each failure it is a quarter of what it was: what took too long may then be done in time. */
export function nextSpan({ after, to, width }: IdWalk, failures = 0): IdSpan {
  const narrowed = width >> BigInt(2 * failures);
  const end = after + (narrowed > 1n ? narrowed : 1n);
  return { after, to: end < to ? end : to };
}

/**
 * Goes on behind a span that was asked for its rows, at most `rowsMax`, and had those of these `ids`. The next one is as wide as it has to
 * be to hold a page, if the rows lie there as they do here, and at most four times as wide.
 */
export function walkOn(walk: IdWalk, { after, to }: IdSpan, ids: readonly string[], rowsMax: number): IdWalk {
  const lastId = ids.at(-1);
  if (lastId !== undefined && ids.length >= rowsMax) {
    return { ...walk, after: BigInt(lastId), width: BigInt(lastId) - after };
  }
  const wanted = BigInt(4 * rowsMax);
  const found = BigInt(Math.max(4 * ids.length, rowsMax));
  return { ...walk, after: to, width: ((to - after) * wanted) / found };
}
