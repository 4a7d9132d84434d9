import { StreamError } from "../shared/core/errors.ts";
import { kafkaAuths } from "../shared/settings/definition.ts";
import { kafkaDefinitions } from "../shared/settings/delivery-definitions.ts";
import { readValue } from "../shared/settings/read-value.ts";
import type { KafkaProducerSettings } from "../shared/sinks/kafka/kafka-producer.ts";
import { roleCredentials } from "./aws.ts";
import type { Environment } from "./environment.ts";

/**
 * The Kafka cluster to write to, from the variables KAFKA_BROKERS (`host:port`, with commas between) and KAFKA_AUTH. `iam`: by the
 * function's role and over TLS, in the region that Lambda says in AWS_REGION; `none`: not at all and in plain text, for a broker on this
 * machine.
 */
export function kafkaSettings(environment: Environment): KafkaProducerSettings {
  const text = environment.text("KAFKA_BROKERS");
  const brokers = text === "" ? [] : (environment.read("KAFKA_BROKERS", () => readBrokers(text)) ?? []);
  const kind = environment.oneOf("KAFKA_AUTH", kafkaAuths);
  // Where KAFKA_AUTH is missing, nobody knows yet whether a region is needed.
  const region = environment.optional("KAFKA_AUTH") === "iam" ? environment.text("AWS_REGION") : "";
  return { brokers, auth: kind === "iam" ? { kind, region, credentials: roleCredentials() } : { kind } };
}

function readBrokers(text: string): readonly string[] {
  const reading = readValue(kafkaDefinitions.brokers, text);
  if (reading.kind === "wrong") throw new StreamError("bug", reading.says.join("; "));
  return reading.value as readonly string[];
}
