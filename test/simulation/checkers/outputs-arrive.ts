import type { Output } from "../../../shared/ports/output.ts";
import { readOutputId, type SinkName } from "../simulated-sinks.ts";
import type { CheckerOf, Watched } from "./checker.ts";

/**
 * Invariant 3, at each sink: every revision comes or is put aside, in order, and always with the same content. What a sink says that it took
 * and forgot is its own affair.
 */
export const outputsArrive: CheckerOf = (world, fail) => {
  const { settings, running, sinks, objects } = world;
  const on = (["http", "kafka"] as const).filter((sink) => settings.sinks.includes(sink));
  const emitted: Output[] = [];
  const contents = new Map<string, string>();
  const seen = new Set<string>();
  const isThere = (sink: SinkName, id: string) => seen.has(`${sink} ${id}`) || sinks.lies.has(`${sink} ${id}`);
  return {
    name: "outputs arrive",
    onWritten(table, document) {
      if (table === "entities" && document.outbox !== undefined)
        emitted.push(...running.emittedBy(document).map(({ output }) => output));
    },
    onArrival({ sink, id, content }) {
      const known = contents.get(`${sink} ${id}`);
      if (known !== undefined && known !== content)
        fail(`${sink} got ${id} with other content: ${known}, then ${content}`);
      contents.set(`${sink} ${id}`, content);
      if (seen.has(`${sink} ${id}`)) return;
      seen.add(`${sink} ${id}`);
      const { entity, revision } = readOutputId(id);
      const before = id.replace(/\d+$/, String(revision - 1));
      if (revision === 1 || isThere(sink, before) || sinks.isRefused(sink, before)) return;
      // A database gets what stands in the topic.
      if (sink === "clickhouse" && !seen.has(`kafka ${before}`)) return;
      if (!letterIds(objects, sink).has(before)) fail(`${sink} got ${id} of ${entity} before ${before}`);
    },
    atEnd() {
      for (const sink of on) {
        if (sink === "kafka" && settings.sinks.includes("clickhouse")) checkDatabase(world, isThere, fail);
        const aside = letterIds(objects, sink);
        const known = new Set(emitted.map(({ id }) => id));
        for (const id of known) if (!isThere(sink, id) && !aside.has(id)) fail(`${sink} never got ${id}`);
        for (const arrived of seen) {
          const [, id = ""] = arrived.split(/ (.*)/s);
          if (arrived.startsWith(`${sink} `) && !known.has(id)) fail(`${sink} got ${id}, which nobody brought about`);
        }
      }
    },
  };
};

/** What stands in the topic of results comes to the database. */
function checkDatabase(
  { sinks, objects }: Watched,
  isThere: (sink: SinkName, id: string) => boolean,
  fail: (message: string) => void,
): void {
  const aside = letterIds(objects, "clickhouse");
  for (const { headers } of sinks.outputLog.flat()) {
    const id = Buffer.from(Int8Array.from(Object.values(headers?.[0] ?? {})[0] ?? [])).toString();
    if (!isThere("clickhouse", id) && !aside.has(id)) fail(`clickhouse never got ${id}`);
  }
}

/** The ids of what was put aside. */
function letterIds(objects: ReadonlyMap<string, Uint8Array>, sink: SinkName): Set<string> {
  const letters = [...objects].filter(([name]) => name.startsWith(`dead_letters/${sink}/`));
  return new Set(
    letters.map(([, bytes]) => {
      const { output, message } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, { id?: string }>;
      return output?.id ?? message?.id ?? "";
    }),
  );
}
