import { randomUUID } from "node:crypto";
import { KafkaProducer } from "../../shared/sinks/kafka/kafka-producer.ts";
import { configuredPipelines, stateTables, systemClock } from "../aws.ts";
import { contentViews } from "../content-views.ts";
import { Environment } from "../environment.ts";
import { kafkaSettings } from "../kafka.ts";
import { purchaseViews } from "../purchase-views.ts";
import type { ApiApp } from "./routes.ts";

/**
 * Reads PIPELINES, ENTITIES_TABLE and PROGRESS_TABLE, and KAFKA_BROKERS and KAFKA_AUTH where purchases are among the pipelines. It answers
 * for those that have the sink `views`.
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
  const producer = isSelling ? new KafkaProducer(kafkaSettings(environment)) : undefined;
  environment.check();
  const chance = { fraction: Math.random, uuid: randomUUID };
  const purchases = producer && { views: purchaseViews(store), producer, clock, chance };
  return { purchases, contents };
}
