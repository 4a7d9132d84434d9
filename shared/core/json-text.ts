/** The text of a top-level number. The parsed number may no longer be the one that was sent. */
export function numberSource(text: string, name: string, value: number): string | undefined {
  const shortest = String(value);
  return standsOnce(text, name, shortest) ? shortest : topLevelSource(text, name);
}

/**
 * Whether a field's name stands in the text just once, with just this number behind it. Spares most records a second parse.
 * With a backslash somewhere the name may also be spelt in another way, and what looks like it may be a part of something else.
 */
function standsOnce(text: string, name: string, number: string): boolean {
  const quoted = `"${name}"`;
  const at = text.indexOf(quoted);
  let start = at + quoted.length + 1;
  if (at === -1 || text[start - 1] !== ":" || text.indexOf(quoted, start) !== -1) return false;
  if (text[start] === " ") start++;
  const end = start + number.length;
  return text.startsWith(number, start) && (text[end] === "," || text[end] === "}") && !text.includes("\\");
}

/** The source text of a top-level number of an object; the last one where the name stands twice, as JSON.parse has it. */
export function topLevelSource(text: string, name: string): string | undefined {
  // The reviver sees every object that has the name; which of them is the root is known only in the end.
  const sources = new Map<object, string>();
  const root: object = JSON.parse(text, function (this: object, key, value, context?: { source?: string }) {
    if (key === name && context?.source !== undefined) sources.set(this, context.source);
    return value;
  } as (this: object, key: string, value: unknown) => unknown);
  return sources.get(root);
}

/** The texts of all numbers that are no safe integers in the object at `path`, by name: what was sent, before a double rounded it. */
export function unsafeSources(text: string, path: readonly string[]): ReadonlyMap<string, string> {
  // As above: which of the objects is the one at `path` is known only in the end.
  const sources = new Map<unknown, Map<string, string>>();
  const root: unknown = JSON.parse(text, function (this: object, key, value, context?: { source?: string }) {
    if (typeof value === "number" && !Number.isSafeInteger(value) && context?.source !== undefined) {
      const ofObject = sources.get(this) ?? new Map<string, string>();
      sources.set(this, ofObject.set(key, context.source));
    }
    return value;
  } as (this: object, key: string, value: unknown) => unknown);
  const found = path.reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], root);
  return sources.get(found) ?? new Map<string, string>();
}

/** Whether arrays and objects in JSON text, or what passes for it, stand deeper in each other than `max`. */
export function nestsDeeperThan(text: string, max: number): boolean {
  if (!opensMoreThan(text, max)) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) depth++;
    else if (unit === 0x5d || unit === 0x7d) depth--;
    if (depth > max) return true;
  }
  return false;
}

/** Whether more brackets open than `max`, those in strings counted too. Far faster than a look at every character. */
function opensMoreThan(text: string, max: number): boolean {
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let i = text.indexOf(bracket); i !== -1; i = text.indexOf(bracket, i + 1)) {
      if (++count > max) return true;
    }
  }
  return false;
}
