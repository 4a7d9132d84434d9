import { join } from "node:path";
import { emitterOf } from "../../functions/catalog.ts";
import { createHandler } from "../../functions/publish/handler.ts";
import { FileProducer } from "../embedded/file-producer.ts";
import { type OutboxReader, type OutboxReaderOptions, openOutboxReader } from "./outbox-reader.ts";

/** The function `publish` with the output topics behind it: files, each with as many partitions as its pipeline has. */
export function openPublishReader(options: OutboxReaderOptions): OutboxReader {
  const { outDirectory, deadLetters, reached, clock } = options;
  const pipelines = options.pipelines.filter(({ settings }) => settings.sinks.includes("kafka"));
  const producer = new FileProducer({
    directory: join(outDirectory, "topics"),
    partitions: Object.fromEntries(
      pipelines.map(({ settings: { outputTopic, partitions } }) => [outputTopic, partitions]),
    ),
    lengths: reached.lengths,
  });
  const handler = createHandler({
    pipelines: pipelines.map(emitterOf),
    delivery: { producer, deadLetters },
    clock,
  });
  const lengths = () => producer.lengths();
  const close = async () => producer.close();
  return openOutboxReader({ name: "publish", handler, lengths, close }, options);
}
