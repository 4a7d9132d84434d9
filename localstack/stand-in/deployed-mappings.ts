import type { LogRecord } from "../../shared/core/record.ts";
import type { KafkaBatchResponse } from "../../shared/kafka/batch-response.ts";
import { deliverRecords } from "../runner/msk-mapping.ts";
import { type Aws, type EventSourceMapping, eventSourceMappings, invokeFunction } from "./aws-api.ts";

/** Brings records to the deployed functions whose event source mappings read their topics, as Lambda's pollers would. */
export class DeployedMappings {
  readonly #aws: Aws;
  readonly #ofTopic: ReadonlyMap<string, readonly EventSourceMapping[]>;

  private constructor(aws: Aws, mappings: readonly EventSourceMapping[]) {
    this.#aws = aws;
    const withTopic = mappings.flatMap((mapping) => (mapping.Topics ?? []).map((topic) => ({ topic, mapping })));
    const byTopic = Map.groupBy(withTopic, ({ topic }) => topic);
    this.#ofTopic = new Map(Array.from(byTopic, ([topic, of]) => [topic, of.map(({ mapping }) => mapping)]));
  }

  static async open(aws: Aws): Promise<DeployedMappings> {
    return new DeployedMappings(aws, await eventSourceMappings(aws));
  }

  get topics(): readonly string[] {
    return [...this.#ofTopic.keys()];
  }

  /**
   * Delivers records in their order, each to every mapping of its topic, in batches of one topic as large as the mappings allow.
   * @throws {Error} a function fails, or names records as failed for the fifth time.
   */
  async deliver(records: readonly LogRecord[]): Promise<void> {
    const mappingsOf = (topic: string) => this.#ofTopic.get(topic) ?? [];
    const sizeMax = (topic: string) => Math.min(...mappingsOf(topic).map(({ BatchSize }) => BatchSize));
    for (const batch of cutBatches(records, sizeMax)) {
      for (const { FunctionArn } of mappingsOf((batch[0] as LogRecord).topic)) await this.#invoke(FunctionArn, batch);
    }
  }

  async #invoke(functionArn: string, batch: readonly LogRecord[]): Promise<void> {
    const name = functionArn.split(":").at(-1) as string;
    const handler = async (event: unknown) => (await invokeFunction(this.#aws, name, event)) as KafkaBatchResponse;
    await deliverRecords(handler, batch, { tries: 5, wait: async () => {} });
  }
}

/** Records in their order, in batches of one topic with at most so many as `sizeMax` says for it. */
export function cutBatches(records: readonly LogRecord[], sizeMax: (topic: string) => number): LogRecord[][] {
  const batches: LogRecord[][] = [];
  for (const record of records) {
    const last = batches.at(-1);
    if (last && last[0]?.topic === record.topic && last.length < sizeMax(record.topic)) last.push(record);
    else batches.push([record]);
  }
  return batches;
}
