import { randomUUID } from "node:crypto";
import { KafkaProducer } from "../../shared/sinks/kafka/kafka-producer.ts";
import { configuredPipelines, stateTables, systemClock } from "../aws.ts";
import { contentViews } from "../content-views.ts";
import { Environment } from "../environment.ts";
import { kafkaSettings } from "../kafka.ts";
import { purchaseViews } from "../purchase-views.ts";
import type { ApiApp } from "./routes.ts";

/**
 * Reads PIPELINES, ENTITIES_TABLE and PROGRESS_TABLE. It answers for those pipelines that have the sink `views`, and produces sample
 * purchases where KAFKA_BROKERS and KAFKA_AUTH are given.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export function wire(variables: Readonly<Record<string, string | undefined>>): ApiApp {
  const environment = new Environment(variables);
  const shown = configuredPipelines(environment).filter(({ settings }) => settings.sinks.includes("views"));
  const store = stateTables(environment);
  const clock = systemClock;
  const engagement = shown.find(({ name }) => name === "engagement");
  const contents = engagement && contentViews({ store, clock, partitions: engagement.settings.partitions });
  const isSelling = shown.some(({ name }) => name === "purchases");
  // Who gives one of the two means both.
  const given = ["KAFKA_BROKERS", "KAFKA_AUTH"].map((name) => environment.optional(name));
  const produces = isSelling && given.some((value) => value !== undefined);
  const producer = produces ? new KafkaProducer(kafkaSettings(environment)) : undefined;
  environment.check();
  const chance = { fraction: Math.random, uuid: randomUUID };
  const samples = producer && { producer, clock, chance };
  return { purchases: isSelling ? { views: purchaseViews(store), samples } : undefined, contents };
}
