import type { Endpoint } from "../../shared/ports/endpoint.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { type EndpointSinkSettings, endpointSink } from "../../shared/runtime/immediate-sinks.ts";
import { type OutboxApp, outboxHandler } from "../outbox-handler.ts";

export interface DeliverApp extends Omit<OutboxApp, "delivery"> {
  readonly delivery: {
    readonly endpoint: Endpoint;
    readonly deadLetters: ObjectStore;
    readonly settings: EndpointSinkSettings;
  };
}

/** Outboxes in, requests to the HTTP endpoint out. Answers with where the stream is to start again. */
export function createHandler({ delivery: { endpoint, deadLetters, settings }, ...app }: DeliverApp) {
  return outboxHandler({ ...app, delivery: { sink: endpointSink(endpoint, settings), deadLetters } });
}
