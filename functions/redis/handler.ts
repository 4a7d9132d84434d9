import { storeSink } from "../../shared/runtime/immediate-sinks.ts";
import { resultHandler, type StoreApp } from "../result-handler.ts";

/** Messages of the topic of enriched events in, views in Redis out. Answers with what is to be sent again. */
export function createHandler({ store, deadLetters, ...app }: StoreApp) {
  return resultHandler({ ...app, delivery: { sink: storeSink("redis", store), deadLetters } });
}
