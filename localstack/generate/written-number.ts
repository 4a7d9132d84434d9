/** A number for `JSON.stringify` that stands in the JSON as it is written here: `50.00`, or more digits than a number can hold. */
export function writtenNumber(text: string): unknown {
  return rawJson(text);
}

/** In Node 22 and newer; TypeScript's libraries don't know it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
