import type { Sink } from "../shared/settings/definition.ts";
import type { PipelineName } from "../shared/settings/pipeline-definitions.ts";

/** What starts a function. */
export type Trigger =
  /** One event source mapping per topic; `batchSize` records, or what has come after `batchWindowSeconds`. */
  | {
      readonly kind: "msk";
      readonly topics: readonly string[];
      readonly batchSize: number;
      readonly batchWindowSeconds: number;
    }
  /** The change stream of a state table. `entities`: only versions with an outbox; `progress`: only partition rows. */
  | {
      readonly kind: "stream";
      readonly table: "entities" | "progress";
      readonly batchSize: number;
      readonly batchWindowSeconds: number;
    }
  | { readonly kind: "schedule"; readonly everyMinutes: number }
  /** Every path of an HTTP API (route `$default`, payload format 2.0), so that what isn't there is answered by the function too. */
  | { readonly kind: "http" }
  /** One event source mapping on the output topic of a pipeline, whatever its settings call it, with the function's name as consumer group. */
  | {
      readonly kind: "results";
      readonly pipeline: PipelineName;
      readonly batchSize: number;
      readonly batchWindowSeconds: number;
    }
  /** Nothing but somebody who invokes it by name. */
  | { readonly kind: "invoke" };

export interface FunctionRow {
  readonly name: string;
  /** In functions/: `handler.ts` makes the handler over any adapters, `lambda.ts` is what Lambda loads. */
  readonly folder: string;
  readonly purpose: string;
  readonly pipelines: readonly PipelineName[];
  /** It is there only where one of its pipelines has this sink. */
  readonly sink?: Sink;
  /** It is there only where these settings are given. */
  readonly settings?: "postgres";
  /** It talks to Kafka's brokers, or to a database beside them, and so stands in their network; the others need none. */
  readonly isInNetwork?: true;
  readonly triggers: readonly Trigger[];
  /** Environment variables that its wiring reads. */
  readonly environment: readonly string[];
  /** Those of them that may be missing. */
  readonly optionalEnvironment?: readonly string[];
  readonly memoryMb: number;
  /** At most 840: what an event source mapping of Kafka allows. */
  readonly timeoutSeconds: number;
  /**
   * What it may do, and to what. `cluster`, `outputTopics` and `sourceTopics`: the Kafka cluster, the topics there that take results, and
   * those that the function's pipelines read.
   */
  readonly actions: Readonly<Record<"entities" | "progress" | "bucket" | "secret", readonly string[]>> &
    Readonly<Partial<Record<"cluster" | "outputTopics" | "sourceTopics", readonly string[]>>>;
  /** Of the table of progress it touches documents of these keys only. */
  readonly progressKeys?: readonly string[];
  /** What it writes to the bucket: the rows of its pipelines, records that they reject, or what no sink took. */
  readonly objects: readonly ("rows" | "rejections" | "deadLetters")[];
}
