import { formatDuration, parseDuration } from "../core/duration.ts";
import type {
  BytesDefinition,
  ChoiceDefinition,
  CountDefinition,
  DurationDefinition,
  SettingDefinition,
  SinksDefinition,
  TextDefinition,
  TextsDefinition,
  ValueOfKind,
} from "./definition.ts";
import { nearest } from "./nearest.ts";
import { shown, shownBare } from "./shown.ts";

/** A value, or what is wrong with it: each time half a sentence that goes on behind the name of the setting. */
export type Reading =
  | { readonly kind: "value"; readonly value: ValueOfKind[keyof ValueOfKind] }
  | { readonly kind: "wrong"; readonly says: readonly string[] };

/** Reads a setting from text, as a command line has it, or from what JSON has in its place: numbers and lists. */
export function readValue(definition: SettingDefinition, given: unknown): Reading {
  switch (definition.kind) {
    case "duration":
      return readDuration(definition, given);
    case "bytes":
    case "count":
      return readWholeNumber(definition, given);
    case "flag":
      return readFlag(given);
    case "sinks":
      return readSinks(definition, given);
    case "topic":
      return readTopic(given);
    case "url":
      return readUrl(given);
    case "server":
      return readServer(given);
    case "redis":
      return readRedis(given);
    case "secret":
      return readSecretArn(given);
    case "brokers":
      return readBrokers(given);
    case "choice":
      return readChoice(definition, given);
    case "text":
      return readText(definition, given);
    case "texts":
      return readTexts(definition, given);
    case "identifier":
      return readIdentifier(given);
    case "prefix":
      return readPrefix(given);
  }
}

/** What Kafka allows, but for names that begin with two underscores, such as `__consumer_offsets`: those are its own. */
const topicForm = /^(?!__|\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
const secretArnForm = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/;
const redisForm = /^rediss?:\/\/[^\s/?#]+(\/\d{0,9})?$/;
/** Names that mean the same with and without quotes. */
const identifierForm = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const prefixForm = /^[\x21-\x7e]{0,64}$/;
const brokerForm = /^[a-zA-Z0-9][a-zA-Z0-9.-]{0,252}:(\d{1,5})$/;

function value(value: ValueOfKind[keyof ValueOfKind]): Reading {
  return { kind: "value", value };
}

function wrong(says: string): Reading {
  return { kind: "wrong", says: [says] };
}

/** A number is refused: nobody could tell whether it means seconds or milliseconds. */
function readDuration({ min, max }: DurationDefinition, given: unknown): Reading {
  const duration = typeof given === "string" ? parseDuration(given) : undefined;
  if (duration === undefined) {
    return wrong(`takes a duration such as 500ms, 90s, 2m, 24h or PT5M, not ${shown(given)}`);
  }
  if (duration >= min && duration <= max) return value(duration);
  return wrong(`takes ${formatDuration(min)} to ${formatDuration(max)}, not ${shownBare(given)}`);
}

function readWholeNumber({ kind, min, max }: BytesDefinition | CountDefinition, given: unknown): Reading {
  const number = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
  if (typeof number !== "number" || !(Number.isInteger(number) || number === Number.POSITIVE_INFINITY)) {
    return wrong(`takes a whole number${kind === "bytes" ? " of bytes" : ""}, not ${shown(given)}`);
  }
  return number >= min && number <= max ? value(number) : wrong(`takes ${min} to ${max}, not ${shownBare(given)}`);
}

function readFlag(given: unknown): Reading {
  const flag = [true, false].find((known) => given === known || given === String(known));
  return flag === undefined ? wrong(`takes true or false, not ${shown(given)}`) : value(flag);
}

function readSinks({ known }: SinksDefinition, given: unknown): Reading {
  const names = listOf(given);
  if (!names) return wrong(`takes a list of ${known.join(", ")}, not ${shown(given)}`);
  if (names.length === 0) return wrong(`takes at least one of ${known.join(", ")}`);
  const unknown = [...new Set(names)].filter((name) => !known.some((sink) => sink === name));
  if (unknown.length === 0) return value(known.filter((sink) => names.includes(sink)));
  const says = (name: unknown) => {
    const close = typeof name === "string" ? nearest(name, known) : undefined;
    return `takes ${known.join(", ")}, not ${shown(name)}${close ? `; did you mean ${close}?` : ""}`;
  };
  return { kind: "wrong", says: unknown.map(says) };
}

function readBrokers(given: unknown): Reading {
  const brokers = listOf(given);
  if (!brokers || brokers.length === 0) return wrong("takes a list of brokers, each HOST:PORT");
  const unusable = [...new Set(brokers)].filter((broker) => !isBroker(broker));
  if (unusable.length === 0) return value(brokers as string[]);
  return { kind: "wrong", says: unusable.map((broker) => `takes brokers as HOST:PORT, not ${shown(broker)}`) };
}

function isBroker(given: unknown): boolean {
  const [, port] = typeof given === "string" ? (brokerForm.exec(given) ?? []) : [];
  return Number(port) >= 1 && Number(port) <= 65_535;
}

/** The URL is never shown: its path or query may hold a token. */
function readUrl(given: unknown): Reading {
  const url = typeof given === "string" && URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== "https:") return wrong("takes an https URL such as https://example.com/events");
  if (url.username || url.password) {
    return wrong("takes a URL without user name and password: requests are signed instead");
  }
  return value(given as string);
}

/** Never shown, as an endpoint's isn't. */
function readServer(given: unknown): Reading {
  const url = typeof given === "string" && URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== "https:") return wrong("takes an https URL such as https://clickhouse.example.com:8443");
  if (url.username || url.password) return wrong("takes a URL without user name and password: those are the secret's");
  if (url.search || url.hash) return wrong("takes a URL without query and fragment");
  return value(given as string);
}

/** Never shown: it may hold the password. */
function readRedis(given: unknown): Reading {
  const isRedis = typeof given === "string" && redisForm.test(given) && URL.canParse(given);
  const { hostname, username, password } = isRedis ? new URL(given) : {};
  if (!hostname) return wrong("takes redis://HOST[:PORT][/DATABASE], or rediss:// for TLS");
  if (username || password) return wrong("takes a URL without user name and password: those are the secret's");
  return value(given as string);
}

/** It is never shown: somebody may have put the secret itself here. */
function readSecretArn(given: unknown): Reading {
  if (typeof given === "string" && secretArnForm.test(given)) return value(given);
  return wrong("takes the ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:NAME");
}

function readTopic(given: unknown): Reading {
  if (typeof given === "string" && topicForm.test(given)) return value(given);
  return wrong(`takes the name of a Kafka topic (letters, digits, dots, hyphens and underscores), not ${shown(given)}`);
}

function readIdentifier(given: unknown): Reading {
  if (typeof given === "string" && identifierForm.test(given)) return value(given);
  return wrong(`takes a name of at most 128 letters, digits and _, no digit first, not ${shown(given)}`);
}

function readPrefix(given: unknown): Reading {
  if (typeof given === "string" && prefixForm.test(given)) return value(given);
  return wrong(`takes at most 64 visible ASCII characters, not ${shown(given)}`);
}

function readChoice({ known }: ChoiceDefinition, given: unknown): Reading {
  if (known.some((one) => one === given)) return value(given as string);
  const close = typeof given === "string" && known.length > 2 ? nearest(given, known) : undefined;
  return wrong(`takes ${known.join(" or ")}, not ${shown(given)}${close ? `; did you mean ${close}?` : ""}`);
}

function readText({ form, takes }: TextDefinition, given: unknown): Reading {
  return typeof given === "string" && form.test(given) ? value(given) : wrong(`takes ${takes}, not ${shown(given)}`);
}

function readTexts({ form, takes }: TextsDefinition, given: unknown): Reading {
  const texts = listOf(given);
  if (!texts || texts.length === 0) return wrong(`takes a list of ${takes}, not ${shown(given)}`);
  const unusable = [...new Set(texts)].filter((text) => typeof text !== "string" || !form.test(text));
  if (unusable.length === 0) return value(texts as string[]);
  return { kind: "wrong", says: unusable.map((text) => `takes a list of ${takes}, not ${shown(text)}`) };
}

/** A list as JSON has it, or as text with commas between. */
function listOf(given: unknown): readonly unknown[] | undefined {
  if (typeof given === "string") return given.split(",").map((item) => item.trim());
  return Array.isArray(given) ? given : undefined;
}
