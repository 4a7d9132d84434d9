import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { answerKafka } from "../shared/kafka/batch-response.ts";
import type { MskEvent } from "../shared/kafka/msk-event.ts";
import { decodeResultEvent, type ResultMessage } from "../shared/kafka/result-messages.ts";
import { logError } from "../shared/observability/log.ts";
import type { Clock } from "../shared/ports/clock.ts";
import { type Meter, silentMeter } from "../shared/ports/meter.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import type { ResultStore } from "../shared/ports/result-store.ts";
import { type Change, type Delivery, deliver } from "../shared/runtime/deliver.ts";
import type { StorableResult } from "../shared/runtime/immediate-sinks.ts";
import { countDeadLetter } from "../shared/runtime/metering.ts";
import { deadlineOf } from "./deadline.ts";

export interface ResultApp {
  readonly delivery: Omit<Delivery<StorableResult>, "meter">;
  readonly clock: Clock;
  /** Without one nothing is counted. */
  readonly meter?: Meter;
  /** How the event source mapping wants to hear of what is to be sent again. */
  readonly failures: "report" | "throw";
}

/** The same before a database is made a sink. */
export interface StoreApp extends Omit<ResultApp, "delivery"> {
  readonly store: ResultStore;
  readonly deadLetters: ObjectStore;
}

type PartitionMessages = ReturnType<typeof decodeResultEvent>[number];

/** Messages of a topic that takes results in, rows of a database out. Answers with what is to be sent again. */
export function resultHandler(app: ResultApp) {
  return middy(async (event: MskEvent, context: Context) => {
    const batch = decodeResultEvent(event);
    const stops = await Promise.all(batch.map((partition) => storePartition(app, partition, deadlineOf(context))));
    return answerKafka(
      stops.flatMap((stop) => stop ?? []),
      app.failures,
      batch,
    );
  });
}

/** @returns the first message that is neither stored nor put aside. */
async function storePartition(app: ResultApp, { topic, partition, records }: PartitionMessages, signal?: AbortSignal) {
  const { delivery, clock, meter = silentMeter } = app;
  const place = (offset: number | string) => `${topic}-${partition}-${offset}`;
  for (const { message, result } of records) {
    if (result.kind === "rejected") await putAsideUnread(app, message, result.message);
  }
  // However long a message has waited in its topic: the topic's own retention is all that it could be too old for.
  const at = clock.now();
  const changes = records.flatMap(({ message, result, offset }): Change<StorableResult>[] =>
    result.kind === "record"
      ? [{ sequence: place(offset), at, key: result.record.entity, emitted: [{ output: result.record, message }] }]
      : [],
  );
  const stop = await deliver({ ...delivery, meter }, changes, at, signal);
  if (!stop) return undefined;
  const offset = Number(stop.sequence.slice(place("").length));
  logError("delivery.stopped", { sink: delivery.sink.name, at: stop.sequence }, stop.reason);
  return { topic, partition, offset, cause: new Error(stop.reason) };
}

/** A message that is no result goes where refused ones go: nothing that stands in a topic is lost. */
async function putAsideUnread(
  { delivery: { sink, deadLetters }, meter = silentMeter }: ResultApp,
  message: ResultMessage["message"],
  reason: string,
): Promise<void> {
  const { topic, partition, offset } = message;
  const name = `dead_letters/${sink.name}/unread/${topic}-${partition}-${offset}.json`;
  const letter = new TextEncoder().encode(JSON.stringify({ sink: sink.name, reason, message }));
  const created = await deadLetters.create(name, letter);
  // Databases take results of this pipeline only; the message itself can't say whose it is.
  if (created === "created") countDeadLetter(meter, "engagement", sink.name);
}
