import type { Mutant } from "./mutant.ts";

const factIntake = "shared/runtime/fact-intake.ts";
const waitingFacts = "shared/runtime/waiting-facts.ts";
const fold = "shared/runtime/fold.ts";

/** Faults in facts, their totals and their waits. */
export const factMutants: readonly Mutant[] = [
  {
    name: "a mark of a duplicate before its effect",
    file: factIntake,
    find: "return standsAt(found, fact.lane, fact.position) ? { fact: found, hasRow: !found.waiting } : undefined;",
    replace: "return undefined;",
    // What never expires is put again to the letter, which the store takes for the same write.
    pipelines: ["dedupe"],
  },
  {
    name: "a known fact that counts anew",
    file: factIntake,
    find: "return standsAt(found, fact.lane, fact.position) ? { fact: found, hasRow: !found.waiting } : undefined;",
    replace: "return { fact: found, hasRow: !found.waiting };",
    pipelines: ["dedupe", "purchases", "engagement"],
  },
  {
    name: "a lane that doesn't name its partition",
    file: "shared/runtime/keys.ts",
    find: `? String(source) : \`\${source}.\${at.partition}\`;`,
    replace: "? String(source) : String(source);",
    pipelines: ["dedupe", "purchases", "windows"],
  },
  {
    name: "a late record whose id is known is rejected",
    file: factIntake,
    find: `    const outcomes = known.map(({ position }) => ({ position, outcome: "duplicate" as const }));`,
    replace: `    const outcomes = known.slice(0, 0).map(({ position }) => ({ position, outcome: "duplicate" as const }));`,
    pipelines: ["dedupe"],
  },
  {
    name: "rows of facts behind a failure",
    file: "shared/runtime/process-batch.ts",
    find: "    .flatMap((one) => one.rows ?? [])\n    .filter(isDone)",
    replace: "    .flatMap((one) => one.rows ?? [])",
    pipelines: ["dedupe"],
  },
  {
    name: "a fence that isn't there",
    file: fold,
    find: "const fresh = facts.filter(({ position }) => !isFolded(before, lane, position));",
    replace: "const fresh = facts;",
    pipelines: ["purchases", "engagement"],
  },
  {
    name: "a fence that skips what an earlier try has put",
    file: fold,
    find: "at: { ...before.folded, [lane]: storePosition(last.position) },",
    replace: "at: { ...before.folded, [lane]: storePosition({ ...last.position, offset: last.position.offset + 2 }) },",
    pipelines: ["purchases", "engagement"],
  },
  {
    name: "a fence that passes a failure",
    file: fold,
    find: "accepted.has(position) && failures.every(({ from }) => comparePositions(position, from) < 0),",
    replace: "accepted.has(position) && failures.length >= 0,",
    pipelines: ["purchases"],
  },
  {
    name: "a total ahead of its list",
    file: fold,
    find: `    await engine.store.lists.append(
      portions.flatMap((portion) => newEntries(folding, portion, documents.get(portion.documentKey))),
    );
    await atMostAtOnce(commitsAtOnce, portions, (portion) =>
      addPortion(folding, portion, documents.get(portion.documentKey)),
    );`,
    replace: `    await atMostAtOnce(commitsAtOnce, portions, (portion) =>
      addPortion(folding, portion, documents.get(portion.documentKey)),
    );
    await engine.store.lists.append(
      portions.flatMap((portion) => newEntries(folding, portion, documents.get(portion.documentKey))),
    );`,
    pipelines: ["purchases"],
  },
  {
    name: "a wait that is announced after it was put",
    file: factIntake,
    find: "  await announceWaiting({ engine, lookup }, source, row.next, await unknownAmong(engine, waiting));\n  return foundFor;",
    replace: "  return foundFor;",
    pipelines: ["engagement"],
  },
  {
    name: "a table that isn't looked at again",
    file: factIntake,
    find: "  if (!lookup || !first) return noneTaken;",
    replace: "  if (lookup || !first) return noneTaken;",
    pipelines: ["engagement"],
  },
  {
    name: "waits that end before the row of the table stands",
    file: "shared/runtime/lookup-table.ts",
    find: `    await storeRow(engine, partition, key, last);
    const arrival = fitting.find(({ parsed }) => parsed.change.row !== null);
    const row = arrival?.parsed.change.row ?? null;
    const revisions = row === null ? 0 : await endWait(waiting, partition, key, row, arrival?.watermark);`,
    replace: `    const arrival = fitting.find(({ parsed }) => parsed.change.row !== null);
    const row = arrival?.parsed.change.row ?? null;
    const revisions = row === null ? 0 : await endWait(waiting, partition, key, row, arrival?.watermark);
    await storeRow(engine, partition, key, last);`,
    pipelines: ["engagement"],
  },
  {
    name: "an older change of the table over a newer one",
    file: "shared/runtime/lookup-table.ts",
    find: "    if (stored && comparePositions(position, readPosition(stored[0])) <= 0) return;",
    replace: "    if (stored && readPosition(stored[0]).epoch < 0) return;",
    pipelines: ["engagement"],
  },
  {
    name: "a closing that leaves waits open",
    file: waitingFacts,
    find: "isDue(open, record) ? { ...open, waiting: { text: recordText(open), isOver: true } } : undefined,",
    replace: "undefined,",
    pipelines: ["engagement"],
  },
  {
    name: "a wait that has two ends",
    file: waitingFacts,
    find: "const changed = isFinal(fact) ? undefined : change(",
    replace: "const changed = isFinal(fact) && fact.found !== null ? undefined : change(",
    pipelines: ["engagement"],
  },
  {
    name: "a list of those who wait that goes too early",
    file: waitingFacts,
    find: "const isDone = facts.size === list.keys.length && ends.every(({ fact }) => isFinal(fact));",
    replace: "const isDone = true;",
    pipelines: ["engagement"],
  },
  {
    name: "two rows of an event that has waited",
    file: factIntake,
    find: "return { fact, hasRow: !fact.waiting };",
    replace: "return { fact, hasRow: true };",
    pipelines: ["engagement"],
  },
];
