import { setTimeout as sleep } from "node:timers/promises";
import { handler as consume } from "../../functions/consume/lambda.ts";
import { handler as finalize } from "../../functions/finalize/lambda.ts";
import { startKafkaMapping } from "../../localstack/runner/kafka-mapping.ts";
import { localContext } from "../../localstack/runner/msk-mapping.ts";
import { consumersFor, functionNamed } from "../../localstack/runner/triggers.ts";

/**
 * A pipeline's functions as Lambda loads them, over what the environment names, with a member of their consumer group in front: the process
 * that `real-path.test.ts` starts and kills. Tells its parent of each invocation when it begins and when it ends.
 */
const { KAFKA_BROKERS = "", BATCH_SIZE = "500", PIPELINES = "{}" } = process.env;
const [pipeline = ""] = Object.keys(JSON.parse(PIPELINES) as object);
const closeMs = 1_000;

const tell = (what: "begun" | "ended") => process.send?.(what);
const say = (what: string, error: unknown) =>
  process.stderr.write(`${what}: ${error instanceof Error ? error.stack : error}\n`);

// Its parent is gone.
process.once("disconnect", () => process.exit());

for (const { name, topics } of consumersFor(pipeline)) {
  await startKafkaMapping({
    ...{ brokers: KAFKA_BROKERS.split(","), topics, group: name, batchSize: Number(BATCH_SIZE), concurrency: 3 },
    handler: async (event, context) => {
      tell("begun");
      try {
        return await consume(event, context);
      } finally {
        tell("ended");
      }
    },
    onError: (error) => say("a delivery failed", error),
  });
}

// As EventBridge does, only more often.
while (functionNamed("finalize").pipelines.some((name) => name === pipeline)) {
  await sleep(closeMs);
  const scheduled = { "detail-type": "Scheduled Event" } as Parameters<typeof finalize>[0];
  await finalize(scheduled, localContext).catch((error) => say("a closing failed", error));
}
