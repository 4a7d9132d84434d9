/** The command was used wrongly: one line that names the thing and the mend. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
