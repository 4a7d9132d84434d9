import type { Mutant } from "./mutant.ts";

const keyedIntake = "shared/runtime/keyed-intake.ts";
const step = "shared/pipelines/last-touch-join/step.ts";

/** Faults in what states hold, and when they are written. */
export const stateMutants: readonly Mutant[] = [
  {
    name: "a due list that is appended after the commit",
    file: keyedIntake,
    find: `    await engine.store.due.append(dueLists(engine, opened.source, opened.row.next, records));
    return takeIn(engine, inTurn, records, batchContext(engine, opened));`,
    replace: `    const taken = await takeIn(engine, inTurn, records, batchContext(engine, opened));
    if (taken.some(({ failed }) => failed)) return taken;
    await engine.store.due.append(dueLists(engine, opened.source, opened.row.next, records)).catch(() => {});
    return taken;`,
    pipelines: ["attribution", "windows"],
  },
  {
    name: "what is applied is not skipped",
    file: keyedIntake,
    find: "  const applied = { ...entity.applied, [lane]: storePosition(last) };",
    replace: "  const applied = entity.version < 0 ? { [lane]: storePosition(last) } : {};",
    pipelines: ["attribution"],
  },
  {
    name: "refusals that are not kept",
    file: keyedIntake,
    find: "  const next = { ...entity, state: sealed.state, refused: refusals, applied, settled };",
    replace: "  const next = { ...entity, state: sealed.state, refused: [], applied, settled };",
    pipelines: ["attribution"],
  },
  {
    name: "pruning by the own watermark rather than by what all have reached",
    file: keyedIntake,
    find: "horizon: laterOf(closing.closed, floors.reduce(earlierOf, row.floor))",
    replace: "horizon: laterOf(closing.closed, row.highest)",
    pipelines: ["attribution"],
  },
  {
    name: "pruning by the floor of the own source alone",
    file: keyedIntake,
    find: "horizon: laterOf(closing.closed, floors.reduce(earlierOf, row.floor))",
    replace: "horizon: laterOf(closing.closed, row.floor)",
    pipelines: ["attribution"],
  },
  {
    name: "nothing is pruned",
    file: keyedIntake,
    find: "horizon: laterOf(closing.closed, floors.reduce(earlierOf, row.floor))",
    replace: "horizon: undefined",
    pipelines: ["attribution", "conversions"],
  },
  {
    name: "settled lines that are dropped by the horizon rather than by F",
    file: keyedIntake,
    find: "dropClosed(entity.settled, prune.closed),",
    replace: "dropClosed(entity.settled, prune.horizon),",
    pipelines: ["attribution"],
  },
  {
    name: "one click too many that is pruned",
    file: "shared/core/last-touch.ts",
    find: "  return kept.length === older ? touches : [...kept.reverse(), ...touches.slice(older)];",
    replace: "  return touches.slice(older);",
    pipelines: ["attribution", "conversions"],
  },
  {
    name: "a kept click that is forgotten one window too early",
    file: "shared/core/last-touch.ts",
    find: "    if (!isWithin(touch, horizon, window)) break;",
    replace: "    if (!isWithin(touch, horizon, window / 2)) break;",
    pipelines: ["attribution"],
  },
  {
    name: "a lost race that is taken for a win",
    file: keyedIntake,
    find: `      if (outcome.kind === "committed") return stepped.taken;`,
    replace: `      if (outcome.kind !== undefined) return stepped.taken;`,
    pipelines: ["attribution", "windows"],
  },
  {
    name: "every step a revision",
    file: step,
    find: "const revision = 1 + (known?.revision ?? 0);",
    replace: "const revision = 1 + (known?.revision ?? Number(outcome.touch !== null));",
    pipelines: ["attribution"],
  },
  {
    name: "a window that forgets its ids",
    file: "shared/pipelines/windows/step.ts",
    find: `  if (hasToken(state.ids, token)) return { kind: "duplicate" };`,
    replace: "",
    pipelines: ["windows"],
  },
];
