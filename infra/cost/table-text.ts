/** A Markdown table: the first column to the left, numbers to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const ruler = head.map((_, i) => (i === 0 ? "---" : "--:"));
  return [head, ruler, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Cents where there are few dollars, whole dollars where there are many. */
export function dollarsText(dollars: number): string {
  if (dollars === 0) return "0";
  if (dollars < 0.005) return "< 0.01";
  const digits = dollars < 100 ? 2 : 0;
  return dollars.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function rateText(recordsPerSecond: number): string {
  return `${recordsPerSecond.toLocaleString("en-US")}/s`;
}
