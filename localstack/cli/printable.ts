/** Text in one line that no terminal acts on: control characters and line separators as `\n` or `\u001b`, as JSON has them. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (unit) => {
    const quoted = JSON.stringify(unit);
    return quoted.length > 3 ? quoted.slice(1, -1) : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
