import type { ChoiceDefinition, Definitions, Needed, SettingDefinition, ValueOfKind } from "./definition.ts";
import { hintFor } from "./nearest.ts";
import { readValue } from "./read-value.ts";
import { shown } from "./shown.ts";

/** What a setting's value is. One without a default may be missing. */
type ValueOf<D extends SettingDefinition> = GivenValueOf<D> | Extract<D["default"], undefined>;

type GivenValueOf<D extends SettingDefinition> =
  D extends ChoiceDefinition<infer Known> ? Known : ValueOfKind[D["kind"]];

/** The values of settings that are defined like this. */
export type ValuesOf<D extends Definitions> = { readonly [Name in keyof D]: ValueOf<D[Name]> };

/** The same where nothing is missing that is needed. */
export type CompleteValuesOf<D extends Definitions> = {
  readonly [Name in keyof D]: D[Name] extends Needed<D[Name]> ? GivenValueOf<D[Name]> : ValueOf<D[Name]>;
};

export interface Group<D extends Definitions> {
  /** Whose settings they are, for messages. */
  readonly of: string;
  /** What stands in front of a setting's name in messages. */
  readonly prefix: string;
  readonly definitions: D;
  /** Whether settings that a deployment needs must be there. */
  readonly isDeployed: boolean;
}

export interface GroupReading<V> {
  /** Each value that was given or has a default. What could not be read is missing. */
  readonly values: Partial<V>;
  readonly problems: readonly string[];
}

/** Reads settings from an object, as far as they can be read, and says all that is wrong with them. */
export function readGroup<D extends Definitions>(group: Group<D>, given: unknown): GroupReading<ValuesOf<D>> {
  const { of, prefix, definitions, isDeployed } = group;
  const names = Object.keys(definitions);
  if (!isObject(given)) return { values: {}, problems: [`${of} takes an object of settings, not ${shown(given)}`] };
  const problems = unknownNames(`${of} has no setting`, names, given);
  const values: [name: string, value: unknown][] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    if (Object.hasOwn(given, name)) {
      const reading = readValue(definition, given[name]);
      if (reading.kind === "value") values.push([name, reading.value]);
      else for (const says of reading.says) problems.push(`${prefix}${name} ${says}`);
    } else if (isDeployed && definition.needed) {
      problems.push(`${prefix}${name} is missing; ${definition.needed}`);
    } else values.push([name, definition.default]);
  }
  // Each value was read by its definition's kind, which is what its type says.
  return { values: Object.fromEntries(values) as Partial<ValuesOf<D>>, problems };
}

/** What is said of the names in `given` that aren't `known`. */
export function unknownNames(lead: string, known: readonly string[], given: object): string[] {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  return unknown.map((name) => `${lead} ${shown(name)}; ${hintFor(name, known)}`);
}

export function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}
