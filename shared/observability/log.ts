/** Writes an event as a line of JSON: a name that never changes, then fields. Never a record's value, never a secret. */
export function logError(event: string, fields: Readonly<Record<string, unknown>>, cause: unknown): void {
  const error =
    cause instanceof Error ? { name: cause.name, message: cause.message, stack: cause.stack } : String(cause);
  process.stderr.write(`${JSON.stringify({ level: "error", event, ...fields, error })}\n`);
}
