import { type PipelineConfig, runConfigured } from "../../../functions/catalog.ts";
import { createHandler as createConsume } from "../../../functions/consume/handler.ts";
import { createHandler as createDeliver } from "../../../functions/deliver/handler.ts";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import type { DeliveredOutput } from "../../../localstack/endpoint/delivery.ts";
import { type EndpointFault, LoopbackEndpoint } from "../../../localstack/endpoint/loopback-endpoint.ts";
import { mskEvent } from "../../../localstack/runner/msk-mapping.ts";
import { streamEvent } from "../../../localstack/runner/stream-mapping.ts";
import { silentMeter } from "../../../shared/ports/meter.ts";
import type { EndpointSinkSettings } from "../../../shared/runtime/immediate-sinks.ts";
import { readPipelines } from "../../../shared/settings/deployment.ts";
import { HttpsEndpoint, type HttpsEndpointSettings } from "../../../shared/sinks/http/https-endpoint.ts";
import { jsonRowFormat } from "../../support/json-row-format.ts";
import { logRecord } from "../../support/log-record.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { context } from "./embedded-functions.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const eventTime = (minute: number) => `2024-01-01T12:${String(minute).padStart(2, "0")}:00Z`;

/** What the endpoint does with its n-th request, from 1. */
export type Faults = (requestNumber: number) => EndpointFault | undefined;

/**
 * The attribution pipeline with `users` users, of which each has one page view and two clicks that come late: three revisions, in three
 * changes. Behind its change stream the function `deliver` sends to an endpoint that does as it is told.
 */
export async function deliverWorld(
  users: number,
  faults: Faults,
  { batchMax = 1, lines = 8, ...settings }: Partial<HttpsEndpointSettings & EndpointSinkSettings> = {},
) {
  const clock = { now: () => Date.now() };
  const store = new SqliteStateStore({ path: ":memory:", clock });
  const objects = new MemoryObjectStore();
  const { attribution } = readPipelines('{"attribution":{"partitions":1}}');
  const config: PipelineConfig = { name: "attribution", settings: attribution! };
  const pipeline = runConfigured(config, {
    ...{ store, objects, rowFormat: jsonRowFormat, clock, meter: silentMeter },
    ...{ futureClock: "record", expires: false },
  });
  await takeTraffic(createConsume({ pipeline, failures: "throw" }), users);

  const accepted: DeliveredOutput[] = [];
  const told = { faults, requests: 0 };
  const listen = (port: number) =>
    LoopbackEndpoint.start({
      secrets: [secret],
      port,
      onAccepted: async (outputs) => void accepted.push(...outputs),
      fault: () => told.faults(++told.requests),
    });
  let server = await listen(0);
  const { url } = server;
  const quick = { waitMin: 1, waitMax: 5, restFor: 10, tryTimeout: 10_000 };
  const endpoint = () => new HttpsEndpoint({ url, secrets: [secret], ...quick, ...settings });
  const opened: HttpsEndpoint[] = [];
  const instance = () => {
    const opening = endpoint();
    opened.push(opening);
    const delivery = { endpoint: opening, deadLetters: objects, settings: { batchMax, lines } };
    const handler = createDeliver({ pipelines: [pipeline], delivery, clock });
    return (from = "0") => handler(streamEvent(changesFrom(from), "entities"), context);
  };
  const changesFrom = (from: string) =>
    store.changes.after(0, 10_000).filter(({ sequence }) => sequence >= Number(from));
  return {
    /** What the endpoint took, in order. */
    accepted,
    told,
    /** A new instance of the function, which is called with the sequence to start from. */
    instance,
    /** Invokes an instance as Lambda does, from where it stopped, until all is delivered. @returns how often. */
    async deliverAll(invocationsMax = 200): Promise<number> {
      const invoke = instance();
      let from: string | undefined = "0";
      for (let count = 1; count <= invocationsMax; count++) {
        const { batchItemFailures } = await invoke(from);
        from = batchItemFailures[0]?.itemIdentifier;
        if (from === undefined) return count;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw new Error(`not delivered in ${invocationsMax} invocations`);
    },
    /** Ids of all outputs there are. */
    ids: () => store.changes.after(0, 10_000).flatMap(({ document }) => idsOf(pipeline.emittedBy(document))),
    letters: () => Array.fromAsync(objects.list("dead_letters/")),
    progress: store.progress,
    async goDown() {
      await server.stop();
    },
    async comeBack() {
      server = await listen(Number(new URL(url).port));
    },
    async close() {
      for (const one of opened) one.close();
      await server.stop();
    },
  };
}

function idsOf(emitted: readonly { readonly output: { readonly id: string } }[]): string[] {
  return emitted.map(({ output }) => output.id);
}

async function takeTraffic(take: ReturnType<typeof createConsume>, users: number): Promise<void> {
  let offset = 0;
  const send = async (topic: string, fieldsOf: (user: number) => object) => {
    const records = Array.from({ length: users }, (_, user) => {
      const payload = JSON.stringify({ user_id: `user_${user}`, ...fieldsOf(user) });
      return logRecord({ topic, partition: 0, offset: offset++, ts: Date.parse(eventTime(30)), key: null, payload });
    });
    await take(mskEvent(records), context);
  };
  await send("page_views", (user) => ({ event_id: `pv_${user}`, event_time: eventTime(10) }));
  await send("ad_clicks", (user) => ({ click_id: `a_${user}`, campaign_id: "c", event_time: eventTime(8) }));
  await send("ad_clicks", (user) => ({ click_id: `b_${user}`, campaign_id: "c", event_time: eventTime(9) }));
}
