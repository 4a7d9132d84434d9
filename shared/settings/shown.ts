/** What is shown of a text at most: enough to find it by. */
const shownMax = 60;

/** Something given, for a message: texts in quotes, on one line and cut where they are long. */
export function shown(given: unknown): string {
  if (typeof given === "string") return JSON.stringify(cut(given));
  return shownBare(given);
}

/** The same without quotes: for what is well formed and wrong all the same. */
export function shownBare(given: unknown): string {
  if (Array.isArray(given)) return "a list";
  if (given === undefined) return "nothing";
  return typeof given === "object" && given !== null ? "an object" : cut(String(given));
}

function cut(text: string): string {
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
