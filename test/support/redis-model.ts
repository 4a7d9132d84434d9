import type { StoredOutput } from "../../shared/ports/result-store.ts";

const minute = 60_000;
const hour = 60 * minute;

/** What the views must hold, told anew by their definition: no state is kept but what came, in a list. It shares nothing with the store. */
export class RedisModel {
  readonly #came: { readonly output: StoredOutput; readonly at: number }[] = [];

  write(outputs: readonly StoredOutput[], now: number): void {
    this.#came.push(...outputs.map((output) => ({ output, at: now })));
  }

  /** As `readViews` shows it, as of the last write. */
  views(): Record<string, unknown> {
    const now = this.#came.at(-1)?.at;
    if (now === undefined) return {};
    const minutes = this.#minutes();
    const summed = [...minutes].filter(([start]) => start <= now && start > minuteOf(now) - 10 * minute);
    const top = countsOf(summed.flatMap(([, contents]) => contents));
    return Object.fromEntries([
      ...this.#contents().map((content) => [`content:count:${content}`, String(this.#counted(content).length)]),
      ...this.#lasts().map(({ content, body }) => [`content:last:${content}`, body]),
      ...[...minutes].map(([start, contents]) => [`top:content:bucket:${nameOf(start)}`, countsOf(contents)]),
      ...(summed.length > 0 ? [["top:content:10m", top]] : []),
      ["top:content:10m:minute", nameOf(minuteOf(now))],
    ]);
  }

  /** When the key of a content's last event goes. */
  lastUntil(content: string): number | undefined {
    return this.#lasts().find((last) => last.content === content)?.until;
  }

  #contents(): string[] {
    return [...new Set(this.#came.map(({ output }) => String(output.body.content_id)))];
  }

  /** The first that came of each event. */
  #firsts() {
    return [...Map.groupBy(this.#came, ({ output }) => output.entity).values()].map(([first]) => {
      if (!first) throw new Error("a group is never empty");
      return { content: String(first.output.body.content_id), time: timeOf(first.output), at: first.at };
    });
  }

  #counted(content: string) {
    return this.#firsts().filter((first) => first.content === content);
  }

  #minutes(): Map<number, string[]> {
    const inTime = this.#firsts().filter(({ time, at }) => at - minuteOf(time) < 15 * minute);
    const grouped = Map.groupBy(inTime, ({ time }) => minuteOf(time));
    return new Map([...grouped].map(([start, events]) => [start, events.map(({ content }) => content)]));
  }

  #lasts() {
    const young = this.#came.filter(({ output, at }) => at - timeOf(output) < hour);
    return [...Map.groupBy(young, ({ output }) => String(output.body.content_id))].flatMap(([content, events]) => {
      const winner = events.toSorted((a, b) => inOrder(a.output, b.output) || b.at - a.at).at(-1);
      if (!winner) return [];
      const { output, at } = winner;
      return [{ content, body: JSON.stringify(output.body), until: Math.max(at, timeOf(output)) + hour }];
    });
  }
}

function inOrder(a: StoredOutput, b: StoredOutput): number {
  const [one, other] = [BigInt(a.entity), BigInt(b.entity)];
  return timeOf(a) - timeOf(b) || (one < other ? -1 : one > other ? 1 : 0) || a.revision - b.revision;
}

function countsOf(contents: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(contents, (content) => content)].map(([content, all]) => [content, all.length]),
  );
}

const timeOf = ({ body }: StoredOutput) => Date.parse(String(body.event_ts));
const minuteOf = (time: number) => time - (time % minute);
const nameOf = (time: number) => new Date(time).toISOString().slice(0, 16).replace(/[-T:]/g, "");
