import { isObject } from "../shared/settings/read-group.ts";

/**
 * The settings of a deployment out of the CDK's context: those of `cdk.json`, changed by what the command line says.
 * `-c tidemark.cluster.kind=express` sets one; `-c tidemark.pipelines=attribution,windows` leaves those pipelines and no others.
 * A value is text, as settings are on every command line.
 */
export function settingsFrom(context: Readonly<Record<string, unknown>>): unknown {
  const { tidemark } = context;
  const overrides = Object.entries(context).filter(([key]) => key.startsWith(prefix));
  if (overrides.length === 0 || !isObject(tidemark)) return tidemark;
  let settings: Settings = tidemark;
  for (const [key, value] of overrides) settings = withOverride(settings, key.slice(prefix.length).split("."), value);
  return settings;
}

function withOverride(settings: Settings, path: readonly string[], value: unknown): Settings {
  const chooses = path.length === 1 && path[0] === "pipelines" && typeof value === "string";
  return chooses ? { ...settings, pipelines: chosen(settings.pipelines, value) } : withValue(settings, path, value);
}

const prefix = "tidemark.";

type Settings = Readonly<Record<string, unknown>>;

function chosen(pipelines: unknown, names: string): Settings {
  const all = isObject(pipelines) ? pipelines : {};
  // A name without settings is refused later, where what is needed is known.
  return Object.fromEntries(names.split(",").map((name) => [name.trim(), all[name.trim()] ?? {}]));
}

function withValue(settings: Settings, [name = "", ...rest]: readonly string[], value: unknown): Settings {
  if (rest.length === 0) return { ...settings, [name]: value };
  const inner = settings[name];
  return { ...settings, [name]: withValue(isObject(inner) ? inner : {}, rest, value) };
}
