import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { createHandler } from "../../functions/deliver/handler.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { HttpsEndpoint } from "../../shared/sinks/http/https-endpoint.ts";
import { ChangeFeed } from "../embedded/change-feed.ts";
import { systemClock } from "../embedded/system-clock.ts";
import { LoopbackEndpoint } from "../endpoint/loopback-endpoint.ts";
import { OutputFile } from "./output-file.ts";
import { deliverChanges } from "./stream-mapping.ts";

/** How far the change feed is delivered, and how much of `http/deliveries.ndjson` that is: remembered together, with the state. */
export interface Delivered {
  readonly cursor: number;
  readonly bytes: number;
}

export interface HttpDeliveryOptions {
  readonly statePath: string;
  readonly outDirectory: string;
  readonly delivered: Delivered;
  /** Outputs per request. */
  readonly batchMax: number;
  /** Tries of one batch of changes before it counts as failed. */
  readonly tries: number;
}

/** The `deliver` function, the change stream before it and the customer's endpoint behind it. */
export async function openHttpDelivery(
  pipeline: Pick<RunningPipeline, "name" | "emittedBy">,
  deadLetters: ObjectStore,
  { statePath, outDirectory, delivered, batchMax, tries }: HttpDeliveryOptions,
  clock: Clock = systemClock,
) {
  const file = new OutputFile(join(outDirectory, "http", "deliveries.ndjson"), delivered.bytes);
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  const server = await LoopbackEndpoint.start({
    secrets: [secret],
    onAccepted: async (outputs) => {
      for (const output of outputs) file.add(JSON.stringify(output));
    },
  });
  const endpoint = new HttpsEndpoint({ url: server.url, secrets: [secret] });
  const database = new DatabaseSync(statePath, { readOnly: true });
  const feed = new ChangeFeed(database);
  const handler = createHandler({
    pipelines: [pipeline],
    delivery: { endpoint, deadLetters, settings: { batchMax, lines: 1 } },
    clock,
  });
  let { cursor } = delivered;
  return {
    handler,
    /** What stands by now. */
    delivered: (): Delivered => ({ cursor, bytes: file.flush() }),
    /** Delivers everything that is committed by now. */
    async deliverAll(): Promise<Delivered> {
      const wait = (attempt: number) => sleep(Math.min(100 * 2 ** attempt, 5_000));
      cursor = await deliverChanges(feed, handler, cursor, { tries, wait });
      return this.delivered();
    },
    async close(): Promise<void> {
      endpoint.close();
      await server.stop();
      database.close();
      file.flush();
      file.close();
    },
  };
}

export type HttpDelivery = Awaited<ReturnType<typeof openHttpDelivery>>;
