import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { Producer } from "../../shared/ports/producer.ts";
import { producerSink } from "../../shared/runtime/immediate-sinks.ts";
import { type OutboxApp, outboxHandler } from "../outbox-handler.ts";

export interface PublishApp extends Omit<OutboxApp, "delivery"> {
  readonly delivery: { readonly producer: Producer; readonly deadLetters: ObjectStore };
}

/** Outboxes in, messages to Kafka topics out. Answers with where the stream is to start again. */
export function createHandler({ delivery: { producer, deadLetters }, ...app }: PublishApp) {
  return outboxHandler({ ...app, delivery: { sink: producerSink(producer), deadLetters } });
}
