import type { BackfillProgress } from "../../functions/backfill/backfill.ts";

const barWidth = 24;

/** One line for who waits: how far it is, how fast, and how long it will take. `done`: events of this run, in `seconds`. */
export function backfillLine({ rows, total }: BackfillProgress, done: number, seconds: number): string {
  const part = total === 0 ? 1 : rows / total;
  const filled = Math.round(barWidth * part);
  const rate = done / Math.max(seconds, 0.001);
  const left = rate > 0 ? `, ${durationText((total - rows) / rate)} left` : "";
  const bar = `${"#".repeat(filled)}${"-".repeat(barWidth - filled)}`;
  const counted = `${rows.toLocaleString("en")} of ${total.toLocaleString("en")} events`;
  return `[${bar}] ${Math.floor(100 * part)} %  ${counted}  ${Math.round(rate).toLocaleString("en")}/s${left}`;
}

/** What came of it. `taken`: events that went through the pipeline; 0 where they were sent on as they had left. */
export function backfillText({ isDone, rows, counts, unusable }: BackfillProgress, taken: number): string[] {
  const { accepted, duplicate, rejected } = counts;
  const wrong = Object.values(rejected).reduce((sum, one) => sum + one, unusable);
  const fates = taken === 0 ? [`${rows - unusable} sent`] : [`${accepted} new`, `${duplicate} known`];
  return [
    `${rows} events: ${[...fates, ...(wrong > 0 ? [`${wrong} rejected`] : [])].join(", ")}`,
    ...(isDone ? [] : ["stopped before the end; run it again to go on"]),
  ];
}

function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
