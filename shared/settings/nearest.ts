/** The name that `given` most likely meant, `undefined` where none is near. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  // A name that would have to be replaced letter by letter is not near, however short it is.
  const isNear = best && best.distance <= Math.max(2, given.length / 3) && best.distance < best.name.length;
  return isNear ? best.name : undefined;
}

/** What to say of a name that isn't known. */
export function hintFor(given: string, known: readonly string[]): string {
  const close = nearest(given, known);
  return close ? `did you mean ${close}?` : `known are ${known.join(", ")}`;
}

/** Levenshtein's distance; texts beyond 64 units are far from every name. */
function editDistance(a: string, b: string): number {
  if (a.length > 64) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
  }
  return row[b.length] as number;
}
