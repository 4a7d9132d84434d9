import { storeSink } from "../../shared/runtime/immediate-sinks.ts";
import { resultHandler, type StoreApp } from "../result-handler.ts";

/** Messages of the topic of enriched events in, rows of a ClickHouse table out. Answers with what is to be sent again. */
export function createHandler({ store, deadLetters, ...app }: StoreApp) {
  return resultHandler({ ...app, delivery: { sink: storeSink("clickhouse", store), deadLetters } });
}
