import { closeSync, openSync, readSync } from "node:fs";

const chunkBytes = 1 << 20;

export interface FileLine {
  /** 1 for the first line of the file. */
  readonly number: number;
  /** Without the line break. Valid until the next line is asked for. */
  readonly bytes: Buffer;
  /** Where the next line begins, in bytes from the start of the file. */
  readonly end: number;
}

/** The lines of a file from a byte offset on, in order. Holds one chunk, or one line if that is longer. */
export function* readLines(
  path: string,
  from: { offset: number; lines: number } = { offset: 0, lines: 0 },
): Generator<FileLine> {
  const file = openSync(path, "r");
  try {
    let { offset: end, lines: number } = from;
    let buffer: Buffer = Buffer.alloc(0);
    for (let position = from.offset; ; ) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const length = readSync(file, chunk, 0, chunkBytes, position);
      position += length;
      const read = chunk.subarray(0, length);
      buffer = buffer.length === 0 ? read : Buffer.concat([buffer, read]);
      let start = 0;
      // What is left of earlier chunks holds no line break.
      let search = buffer.length - length;
      for (let at = buffer.indexOf(10, search); at !== -1; at = buffer.indexOf(10, search)) {
        end += at + 1 - start;
        yield { number: ++number, bytes: buffer.subarray(start, at), end };
        start = search = at + 1;
      }
      buffer = buffer.subarray(start);
      if (length === 0) {
        if (buffer.length > 0) yield { number: ++number, bytes: buffer, end: end + buffer.length };
        return;
      }
    }
  } finally {
    closeSync(file);
  }
}
