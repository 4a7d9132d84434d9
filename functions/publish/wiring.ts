import { KafkaProducer } from "../../shared/sinks/kafka/kafka-producer.ts";
import { configuredPipelines, meter, outputBucket, systemClock } from "../aws.ts";
import { emitterOf } from "../catalog.ts";
import { Environment } from "../environment.ts";
import { kafkaSettings } from "../kafka.ts";
import type { PublishApp } from "./handler.ts";

/**
 * Reads PIPELINES, OUTPUT_BUCKET, KAFKA_BROKERS and KAFKA_AUTH.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export function wire(variables: Readonly<Record<string, string | undefined>>): PublishApp {
  const environment = new Environment(variables);
  const producer = new KafkaProducer(kafkaSettings(environment));
  const configs = configuredPipelines(environment).filter(({ settings }) => settings.sinks.includes("kafka"));
  const pipelines = configs.map(emitterOf);
  const deadLetters = outputBucket(environment);
  environment.check();
  return { pipelines, delivery: { producer, deadLetters }, clock: systemClock, meter };
}
