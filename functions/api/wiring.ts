import { randomUUID } from "node:crypto";
import { KafkaProducer } from "../../shared/sinks/kafka/kafka-producer.ts";
import { stateTables, systemClock } from "../aws.ts";
import { Environment } from "../environment.ts";
import { kafkaSettings } from "../kafka.ts";
import { purchaseViews } from "../purchase-views.ts";
import type { ApiApp } from "./handler.ts";
import { purchaseRoutes } from "./purchase-routes.ts";

/**
 * Reads ENTITIES_TABLE, PROGRESS_TABLE, KAFKA_BROKERS and KAFKA_AUTH.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export function wire(variables: Readonly<Record<string, string | undefined>>): ApiApp {
  const environment = new Environment(variables);
  const views = purchaseViews(stateTables(environment));
  const producer = new KafkaProducer(kafkaSettings(environment));
  environment.check();
  const chance = { fraction: Math.random, uuid: randomUUID };
  return { routes: purchaseRoutes({ views, producer, clock: systemClock, chance }) };
}
