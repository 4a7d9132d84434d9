import { endpointSink, type ImmediateSink, producerSink, storeSink } from "../shared/runtime/immediate-sinks.ts";
import type { Sink } from "../shared/settings/definition.ts";
import { KafkaProducer } from "../shared/sinks/kafka/kafka-producer.ts";
import type { SendingSink } from "./backfill/backfill.ts";
import { endpointOf } from "./endpoint.ts";
import type { Environment } from "./environment.ts";
import { kafkaSettings } from "./kafka.ts";
import { clickHouseOf, redisOf } from "./result-stores.ts";

export interface SendingSinks {
  /** Opens a sink when it is asked for the first time: that may read a secret. @throws {Error} it is none of those that there are. */
  open(name: SendingSink): Promise<ImmediateSink>;
  /** Ends all connections. */
  close(): Promise<void>;
}

interface Opened {
  readonly sink: ImmediateSink;
  close(): void | Promise<void>;
}

/** Those of `names` that outputs are sent to. Reads the variables of each, and opens none. */
export function sendingSinks(environment: Environment, names: readonly Sink[]): SendingSinks {
  const openers = new Map(names.flatMap((name) => (isSending(name) ? [[name, openerOf[name](environment)]] : [])));
  const opened = new Map<SendingSink, Promise<Opened>>();
  return {
    async open(name) {
      const open = openers.get(name);
      if (!open) throw new Error(`the sink ${name} isn't among those of this deployment`);
      const opening = opened.get(name) ?? open();
      opened.set(name, opening);
      // What couldn't be opened is opened anew by the next who asks.
      opening.catch(() => opened.delete(name));
      return (await opening).sink;
    },
    async close() {
      for (const opening of opened.values()) await (await opening).close();
    },
  };
}

function isSending(name: Sink): name is SendingSink {
  return Object.hasOwn(openerOf, name);
}

const openerOf: Readonly<Record<SendingSink, (environment: Environment) => () => Promise<Opened>>> = {
  http(environment) {
    const open = endpointOf(environment);
    return async () => {
      const { endpoint, settings } = await open();
      return { sink: endpointSink(endpoint, settings), close: () => endpoint.close() };
    };
  },
  kafka(environment) {
    const settings = kafkaSettings(environment);
    return async () => {
      const producer = new KafkaProducer(settings);
      return { sink: producerSink(producer), close: () => producer.close() };
    };
  },
  clickhouse(environment) {
    const open = clickHouseOf(environment);
    return async () => {
      const store = await open();
      return { sink: storeSink("clickhouse", store), close: () => store.close() };
    };
  },
  redis(environment) {
    const open = redisOf(environment);
    return async () => {
      const store = await open();
      return { sink: storeSink("redis", store), close: () => store.close() };
    };
  },
};
