import { describe, expect, it } from "vitest";
import { answerKafka } from "../../../shared/kafka/batch-response.ts";

const batch = (topic: string, partition: number, ...offsets: number[]) => {
  return { topic, partition, records: offsets.map((offset) => ({ offset })) };
};
const unfinished = (topic: string, partition: number, offset: number, cause: unknown = new Error("gone")) => {
  return { topic, partition, offset, cause };
};
const sent = [batch("clicks", 0, 5, 6, 9), batch("clicks", 1, 5, 6), batch("clicks-1", 0, 5)];
const failed = (partition: string, offset: number) => ({ itemIdentifier: { partition, offset } });

describe("an answer that reports", () => {
  it("names nothing where all is done", () => {
    expect(answerKafka([], "report", sent)).toEqual({ batchItemFailures: [] });
  });

  it.each([
    ["the first", 5, [5, 6, 9]],
    ["one in the middle", 6, [6, 9]],
    ["the last", 9, [9]],
  ])("names every record of the partition from the unfinished one on, where that is %s", (_, from, offsets) => {
    expect(answerKafka([unfinished("clicks", 0, from)], "report", sent)).toEqual({
      batchItemFailures: offsets.map((offset) => failed("clicks-0", offset)),
    });
  });

  it("names each unfinished partition, and no other", () => {
    const answer = answerKafka([unfinished("clicks", 1, 6), unfinished("clicks", 0, 9)], "report", sent);
    expect(answer).toEqual({ batchItemFailures: [failed("clicks-1", 6), failed("clicks-0", 9)] });
  });

  it("tells topics apart whose names end like a partition", () => {
    expect(answerKafka([unfinished("clicks-1", 0, 5)], "report", sent)).toEqual({
      batchItemFailures: [failed("clicks-1-0", 5)],
    });
  });

  it("names all of a partition rather than none where the unfinished offset isn't among them", () => {
    expect(answerKafka([unfinished("clicks", 1, 7)], "report", sent)).toEqual({
      batchItemFailures: [failed("clicks-1", 5), failed("clicks-1", 6)],
    });
  });

  it("is JSON as Lambda reads it", () => {
    const answer = answerKafka([unfinished("clicks", 0, 9)], "report", sent);
    expect(JSON.stringify(answer)).toBe(
      '{"batchItemFailures":[{"itemIdentifier":{"partition":"clicks-0","offset":9}}]}',
    );
  });
});

describe("an answer that throws", () => {
  it("is an empty one where all is done", () => {
    expect(answerKafka([], "throw", sent)).toEqual({ batchItemFailures: [] });
  });

  it("says from where each partition is to be sent again, and why", () => {
    const causes = [new Error("throttled"), "time is up"];
    const all = [unfinished("clicks", 0, 6, causes[0]), unfinished("clicks", 1, 5, causes[1])];
    let thrown: unknown;
    try {
      answerKafka(all, "throw", sent);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AggregateError);
    const { message, errors } = thrown as AggregateError;
    expect({ message, errors }).toEqual({
      message: "to be sent again: clicks-0 from 6, clicks-1 from 5",
      errors: causes,
    });
  });
});
