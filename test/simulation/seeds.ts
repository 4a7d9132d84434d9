/** `7`, `1-300`, or `1-300,671`: both ends in. */
export function* readSeeds(text: string): Generator<number> {
  for (const part of text.split(",")) {
    const [from = Number.NaN, to = from] = part.split("-").map(Number);
    if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to)))
      throw new Error(`no seeds: ${text}; 7, or 1-300,671`);
    for (let seed = from; seed <= to; seed++) yield seed;
  }
}
