import { closeSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const pendingMax = 1 << 16;

/** Writes a file piece by piece, as all of it may be larger than memory. It is there whole or not at all. */
export async function writeViewFile(path: string, pieces: AsyncIterable<string>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(`${path}.new`, "w");
  try {
    let pending = "";
    for await (const piece of pieces) {
      pending += piece;
      if (pending.length < pendingMax) continue;
      writeFileSync(file, pending);
      pending = "";
    }
    writeFileSync(file, pending);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}

/** A JSON object with one member per line, out of its names and the JSON of its values. A name may be `__proto__`. */
export async function* objectText(
  members: AsyncIterable<readonly [string, AsyncIterable<string>]>,
): AsyncGenerator<string> {
  let separator = "{\n";
  for await (const [name, value] of members) {
    yield `${separator}${JSON.stringify(name)}:`;
    yield* value;
    separator = ",\n";
  }
  yield separator === "{\n" ? "{}\n" : "\n}\n";
}
