import { expect, it } from "vitest";
import { cutBatches } from "../../../localstack/stand-in/deployed-mappings.ts";
import type { LogRecord } from "../../../shared/core/record.ts";

/** The sizes of batches as `TOPIC×RECORDS`. */
function sizes(topics: string, sizeMax: number): string[] {
  const records = [...topics].map((topic, offset): LogRecord => {
    return { topic, partition: 0, offset, timestamp: 0, key: null, value: null };
  });
  const batches = cutBatches(records, () => sizeMax);
  // Nothing is lost, and the order stays.
  expect(batches.flat()).toEqual(records);
  return batches.map((batch) => `${batch[0]?.topic}×${batch.length}`);
}

it.each([
  ["aa", 3, ["a×2"]],
  ["aaa", 3, ["a×3"]],
  ["aaaa", 3, ["a×3", "a×1"]],
  ["aaaaaaa", 3, ["a×3", "a×3", "a×1"]],
  ["aab", 3, ["a×2", "b×1"]],
  ["aba", 3, ["a×1", "b×1", "a×1"]],
  ["aa", 1, ["a×1", "a×1"]],
  ["", 3, []],
] as const)("records of the topics %j are delivered in batches of at most %i: %j", (topics, sizeMax, expected) => {
  expect(sizes(topics, sizeMax)).toEqual(expected);
});
