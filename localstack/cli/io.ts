/** Where a command writes to. */
export interface CommandIo {
  /** A line of the result. */
  out(line: string): void;
  /** A line for the person who waits. */
  err(line: string): void;
  /** Overwrites the line that is being shown to a terminal; nothing elsewhere. */
  status(text: string): void;
}

export const processIo: CommandIo = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  status: (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
  },
};
