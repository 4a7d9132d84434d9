import type { DurationMs } from "../core/units.ts";

/** Where results can go: Parquet in S3, the HTTP endpoint, a Kafka topic, views that the API reads, or databases that are fed from the topic. */
export type Sink = "s3" | "http" | "kafka" | "views" | DatabaseSink;
export const databaseSinks = ["clickhouse", "redis"] as const;
export type DatabaseSink = (typeof databaseSinks)[number];

/** How functions say to Kafka who they are: `iam`, by their AWS role, or `none`, not at all. */
export const kafkaAuths = ["iam", "none"] as const;
export type KafkaAuth = (typeof kafkaAuths)[number];

/** What the value of a setting is, by the kind of the setting. */
export interface ValueOfKind {
  readonly duration: DurationMs;
  readonly bytes: number;
  readonly count: number;
  readonly flag: boolean;
  readonly sinks: readonly Sink[];
  readonly topic: string;
  readonly url: string;
  readonly server: string;
  readonly redis: string;
  readonly secret: string;
  readonly brokers: readonly string[];
  readonly choice: string;
  readonly text: string;
  readonly texts: readonly string[];
  readonly identifier: string;
  readonly prefix: string;
}

interface Described {
  readonly meaning: string;
  /** Whether another value needs fresh state: what is stored follows from this one. */
  readonly isFixed?: true;
  /** What to do where a deployment lacks it. Only a setting without a default may be needed. */
  readonly needed?: string;
}

interface Bounded extends Described {
  /** Inclusive, as is `max`: the bounds of what makes sense. */
  readonly min: number;
  readonly max: number;
}

export interface DurationDefinition extends Bounded {
  readonly kind: "duration";
  readonly default: DurationMs;
}

export interface BytesDefinition extends Bounded {
  readonly kind: "bytes";
  readonly default: number;
}

export interface CountDefinition<Default extends number | undefined = number | undefined> extends Bounded {
  readonly kind: "count";
  readonly default: Default;
}

export interface FlagDefinition extends Described {
  readonly kind: "flag";
  readonly default: boolean;
}

export interface SinksDefinition extends Described {
  readonly kind: "sinks";
  readonly default: readonly Sink[];
  readonly known: readonly Sink[];
}

export interface TopicDefinition extends Described {
  readonly kind: "topic";
  readonly default: string;
}

export interface ChoiceDefinition<Known extends string = string> extends Described {
  readonly kind: "choice";
  readonly default: Known;
  readonly known: readonly Known[];
}

/** Text, or a list of texts, of a form of its own. */
interface Formed extends Described {
  readonly form: RegExp;
  /** What it takes, for messages and the reference: "the ID of a VPC, such as vpc-0123456789abcdef0". */
  readonly takes: string;
}

export interface TextDefinition<Default extends string | undefined = string | undefined> extends Formed {
  readonly kind: "text";
  readonly default: Default;
}

export interface TextsDefinition extends Formed {
  readonly kind: "texts";
  readonly default: readonly string[];
}

/** `identifier`: of a database or a table. `prefix`: what keys begin with; it may be empty. */
export interface NameDefinition<Kind extends "identifier" | "prefix"> extends Described {
  readonly kind: Kind;
  readonly default: string;
}

/** What only the owner of a deployment can know. `server`: a database's HTTP interface. */
export interface AddressDefinition<Kind extends "url" | "server" | "redis" | "secret" | "brokers"> extends Described {
  readonly kind: Kind;
  readonly default: undefined;
}

export type SettingDefinition =
  | DurationDefinition
  | BytesDefinition
  | CountDefinition
  | FlagDefinition
  | SinksDefinition
  | TopicDefinition
  | ChoiceDefinition
  | TextDefinition
  | TextsDefinition
  | NameDefinition<"identifier">
  | NameDefinition<"prefix">
  | AddressDefinition<"url">
  | AddressDefinition<"server">
  | AddressDefinition<"redis">
  | AddressDefinition<"secret">
  | AddressDefinition<"brokers">;

/** One that no deployment can do without. */
export type Needed<D extends SettingDefinition> = D & { readonly needed: string };

export type Definitions = Readonly<Record<string, SettingDefinition>>;
