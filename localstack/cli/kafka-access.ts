import { KafkaClient } from "@aws-sdk/client-kafka";
import { type KafkaAuth as AuthKind, kafkaAuths } from "../../shared/settings/definition.ts";
import { kafkaDefinitions } from "../../shared/settings/delivery-definitions.ts";
import { readValue } from "../../shared/settings/read-value.ts";
import type { KafkaAuth } from "../../shared/sinks/kafka/kafka-session.ts";
import { UsageError } from "./usage-error.ts";

/** @throws {UsageError} there is no such way. */
export function authKind(text: string): AuthKind {
  const kind = kafkaAuths.find((known) => known === text);
  if (!kind) throw new UsageError(`--auth takes ${kafkaAuths.join(" or ")}, not "${text}"`);
  return kind;
}

/** By the AWS credentials of this shell, or not at all. @throws {UsageError} nobody knows the region. */
export function authOf(kind: KafkaAuth["kind"], region: string | undefined): KafkaAuth {
  if (kind === "none") return { kind };
  if (region === undefined)
    throw new UsageError("the region of the brokers isn't known: set AWS_REGION, or --auth none");
  return { kind, region, credentials: new KafkaClient({ region }).config.credentials };
}

/** @throws {UsageError} they are no brokers. */
export function brokersIn(text: string): readonly string[] {
  const reading = readValue(kafkaDefinitions.brokers, text);
  if (reading.kind === "wrong") throw new UsageError(`--brokers ${reading.says.join("; ")}`);
  return reading.value as readonly string[];
}

/** The names of MSK's brokers tell it. */
export function regionOf(brokers: readonly string[]): string | undefined {
  const [, region] = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(brokers[0] ?? "") ?? [];
  return region ?? process.env.AWS_REGION;
}

/** @throws {UsageError} it isn't the ARN of a cluster. */
export function regionIn(arn: string): string {
  const [, region] = /^arn:aws[a-z-]*:kafka:([a-z0-9-]+):\d{12}:cluster\/[^/]+\/[^/]+$/.exec(arn) ?? [];
  if (region) return region;
  throw new UsageError(
    `--cluster takes the ARN of an MSK cluster, such as arn:aws:kafka:eu-west-1:123456789012:cluster/NAME/UUID, not "${arn}"`,
  );
}
