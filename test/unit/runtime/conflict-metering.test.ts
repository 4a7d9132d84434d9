import { expect, it } from "vitest";
import type { LogRecord } from "../../../shared/core/record.ts";
import { engagement } from "../../../shared/pipelines/engagement/engagement.ts";
import type { DocumentTable, StateStore } from "../../../shared/ports/state-store.ts";
import { runFacts } from "../../../shared/runtime/running-pipeline.ts";
import { readSettings } from "../../../shared/settings/settings.ts";
import { at, Changes } from "../../scenario/engagement-world.ts";
import { MemoryMeter } from "../../support/memory-meter.ts";
import { PipelineWorld } from "../../support/pipeline-world.ts";
import { Turns } from "../../support/turns.ts";

const changes = new Changes();
const events: readonly LogRecord[] = [
  changes.event(1, at(10)),
  changes.event(2, at(30), { content_id: 2 }),
  changes.event(3, at(31)),
  changes.event(4, at(50), { content_id: 9 }),
  changes.event(5, at(51), { content_id: 2 }),
  // Its own handler finds what content 1 is by now, another one gives it what content 1 was at first.
  changes.event(6, at(52)),
];
const contents: readonly LogRecord[] = [
  changes.content(1, ["video", 300]),
  changes.content(2, ["article", null]),
  changes.content(1, ["video", 70], "u"),
];

/** Numbers from 0 up to 1 that are always the same. */
function* numbers(): Generator<number, never> {
  for (let state = 1; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

/** What was refused, as it had changed meanwhile, by the kind of document. A fact that is put anew is no such race: it is known. */
function withRefusalsIn(refused: Map<string, number>, store: StateStore): StateStore {
  const counting = (table: DocumentTable): DocumentTable => ({
    read: (keys) => table.read(keys),
    async commit(document) {
      const outcome = await table.commit(document);
      const [first = "", kind = ""] = document.key.split("|");
      const isKnownFact = kind === "0" && first === "engagement" && document.version === 1;
      const of = first === "engagement" ? kind : first;
      if (outcome.kind === "conflict" && !isKnownFact) refused.set(of, (refused.get(of) ?? 0) + 1);
      return outcome;
    },
  });
  return {
    ...store,
    due: store.due,
    lists: store.lists,
    entities: counting(store.entities),
    progress: counting(store.progress),
  };
}

it("every lost race is counted, whatever it was for", async () => {
  const chance = numbers();
  const refused = new Map<string, number>();
  const meter = new MemoryMeter();
  for (let round = 0; round < 300; round++) {
    const turns = new Turns(Array.from({ length: 200 }, () => Math.floor(chance.next().value * 3)));
    const world = new PipelineWorld({
      pipeline: engagement(readSettings("engagement", {})),
      run: runFacts,
      settings: { partitions: 1 },
      interpose: (store) => turns.interpose(withRefusalsIn(refused, store)),
      interposeObjects: turns.interposeObjects,
      meter,
    });
    const act = (work: () => Promise<unknown>) => () => work().catch(() => {});
    await turns.play({
      events: act(() => world.deliver(events.slice(0, 3))),
      eventsAgain: act(() => world.deliver(events.slice(0, 2))),
    });
    await turns.play({
      contents: act(() => world.deliver(contents)),
      contentsAgain: act(() => world.deliver(contents.slice(0, 1))),
      later: act(() => world.deliver(events).then(() => Promise.all([world.close(), world.close()]))),
      close: act(() => world.close()),
    });
    world.end();
  }
  const all = [...refused.values()].reduce((sum, one) => sum + one, 0);
  expect(meter.values["write_conflicts_total of engagement"]).toBe(all);
  // Rows and closings, and of entities: rows of the table, and totals. Facts are hardly ever raced for: closings wait for contents.
  expect([...refused.keys()]).toEqual(expect.arrayContaining(["row", "closed", "table", "content"]));
});
