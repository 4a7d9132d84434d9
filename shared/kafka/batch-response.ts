/** What Lambda takes for "send these again": the first record of each partition that isn't done. */
export interface KafkaBatchResponse {
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number };
  }[];
}

interface Unfinished {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly cause: unknown;
}

/**
 * The answer to a Kafka event. `report`: names every record from the first unfinished one of a partition on, as it is not documented
 * whether Lambda resumes from the first named or sends just the named ones (provisioned pollers). `throw`: fails the invocation, so that
 * all of it is sent again (on-demand pollers know nothing else); what is done already is then skipped.
 * @throws {AggregateError} in the form `throw`, where something is unfinished.
 */
export function answerKafka(
  unfinished: readonly Unfinished[],
  form: "report" | "throw",
  sent: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly records: readonly { readonly offset: number }[];
  }[],
): KafkaBatchResponse {
  if (unfinished.length > 0 && form === "throw") {
    const first = unfinished.map(({ topic, partition, offset }) => `${topic}-${partition} from ${offset}`).join(", ");
    throw new AggregateError(
      unfinished.map(({ cause }) => cause),
      `to be sent again: ${first}`,
    );
  }
  const failures = unfinished.flatMap(({ topic, partition, offset }) => {
    const batch = sent.find((one) => one.topic === topic && one.partition === partition);
    const from = batch ? batch.records.findIndex((record) => record.offset === offset) : -1;
    return (batch?.records.slice(Math.max(from, 0)) ?? []).map((record) => ({
      itemIdentifier: { partition: `${topic}-${partition}`, offset: record.offset },
    }));
  });
  return { batchItemFailures: failures };
}
