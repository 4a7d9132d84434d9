import { comparePositions, type Position, readPosition } from "../../../shared/core/position.ts";
import { rejectedEvents } from "../../../shared/runtime/rejections.ts";
import { jsonRowFormat } from "../../support/json-row-format.ts";
import type { CheckerOf } from "./checker.ts";

interface Span {
  readonly name: string;
  readonly from: Position;
  readonly to: Position;
}

/** Invariant 2, for what is written by positions: the spans of a partition's objects don't overlap, dataset by dataset. */
export const noPositionInTwoObjects: CheckerOf = ({ running }, fail) => {
  const spans = new Map<string, Span[]>();
  return {
    name: "no position in two objects",
    onObject(name, bytes) {
      const [, start, epoch, offset] = /^(.*[/-])(\d+)-(\d{20})\.json$/.exec(name) ?? [];
      const note = start === undefined ? undefined : jsonRowFormat.metadataOf(bytes).tidemark;
      if (note === undefined || start === undefined) return;
      const source = name.startsWith(`${rejectedEvents}/`) ? start : start.replace(/\/dt=[^/]*\//, "/");
      if (!source.startsWith(rejectedEvents) && !source.startsWith(running.dataset)) return;
      const { end } = JSON.parse(note) as { end: Parameters<typeof readPosition>[0] };
      const span = { name, from: { epoch: Number(epoch), offset: Number(offset) }, to: readPosition(end) };
      const others = spans.get(source) ?? [];
      spans.set(source, [...others, span]);
      for (const other of others)
        if (overlap(span, other)) fail(`${other.name} up to ${text(other.to)} overlaps ${name} up to ${text(span.to)}`);
    },
  };
};

function overlap(a: Span, b: Span): boolean {
  return comparePositions(a.from, b.to) < 0 && comparePositions(b.from, a.to) < 0;
}

function text({ epoch, offset }: Position): string {
  return `${epoch}-${offset}`;
}
