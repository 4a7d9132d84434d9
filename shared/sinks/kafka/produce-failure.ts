/**
 * What a failed produce says. `refused`: the brokers won't ever take it, because `of` its topic or because of one of its messages.
 * `failed`: it may help to try again.
 */
export type ProduceFailure =
  | { readonly kind: "refused"; readonly of: "topic" | "message"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** Kafka's names of errors that no other try mends. @see https://kafka.apache.org/protocol#protocol_error_codes */
const refusals: Readonly<Record<string, "topic" | "message">> = {
  UNKNOWN_TOPIC_OR_PARTITION: "topic",
  INVALID_TOPIC_EXCEPTION: "topic",
  TOPIC_AUTHORIZATION_FAILED: "topic",
  CLUSTER_AUTHORIZATION_FAILED: "topic",
  MESSAGE_TOO_LARGE: "message",
  RECORD_LIST_TOO_LARGE: "message",
  INVALID_TIMESTAMP: "message",
  INVALID_RECORD: "message",
};

/** What an error of kafkajs means for the messages that were to be sent. It wraps the brokers' errors in its own. */
export function failureOf(error: unknown): ProduceFailure {
  const chain = causesOf(error);
  const root = chain.at(-1);
  for (const { type, message } of chain) {
    const of = type === undefined ? undefined : refusals[type];
    if (of) return { kind: "refused", of, reason: `${type}: ${message}` };
  }
  const said = root?.message ?? String(error);
  return { kind: "failed", reason: root?.type === undefined ? said : `${root.type}: ${said}` };
}

type KafkaError = Error & { readonly type?: string };

function causesOf(error: unknown): KafkaError[] {
  const chain: KafkaError[] = [];
  for (let one = error; one instanceof Error && !chain.includes(one); one = one.cause) chain.push(one);
  return chain;
}
