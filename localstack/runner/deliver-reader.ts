import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { emitterOf } from "../../functions/catalog.ts";
import { createHandler } from "../../functions/deliver/handler.ts";
import { HttpsEndpoint } from "../../shared/sinks/http/https-endpoint.ts";
import { LoopbackEndpoint } from "../endpoint/loopback-endpoint.ts";
import { type OutboxReader, type OutboxReaderOptions, openOutboxReader } from "./outbox-reader.ts";
import { OutputFile } from "./output-file.ts";

export interface DeliverReaderOptions extends OutboxReaderOptions {
  /** Outputs per request. */
  readonly batchMax: number;
}

/** The function `deliver` with the customer's endpoint behind it, a server that writes down what it accepts. */
export async function openDeliverReader(options: DeliverReaderOptions): Promise<OutboxReader> {
  const { pipelines, outDirectory, deadLetters, batchMax, reached, clock } = options;
  const file = new OutputFile(join(outDirectory, "http", "deliveries.ndjson"), reached.lengths.deliveries ?? 0);
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  const server = await LoopbackEndpoint.start({
    secrets: [secret],
    onAccepted: async (outputs) => {
      for (const output of outputs) file.add(JSON.stringify(output));
    },
  });
  const endpoint = new HttpsEndpoint({ url: server.url, secrets: [secret] });
  const handler = createHandler({
    pipelines: pipelines.filter(({ settings }) => settings.sinks.includes("http")).map(emitterOf),
    delivery: { endpoint, deadLetters, settings: { batchMax, lines: 1 } },
    clock,
  });
  const close = async () => {
    endpoint.close();
    await server.stop();
    file.flush();
    file.close();
  };
  const lengths = () => ({ deliveries: file.flush() });
  return openOutboxReader({ name: "deliver", handler, lengths, close }, options);
}
