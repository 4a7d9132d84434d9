import type { Mutant } from "./mutant.ts";

const deliver = "shared/runtime/deliver.ts";

/** Faults between the outbox and the sinks. */
export const deliveryMutants: readonly Mutant[] = [
  {
    name: "an outbox that is emitted before the commit",
    file: "shared/runtime/keyed-intake.ts",
    find: "        ? await engine.store.entities.commit(stepped.document)",
    // What leaves is a version that has the outputs' marks and not yet their state.
    replace: `        ? await (async (whole: Document, before: Document | undefined) => {
            if (whole.outbox === undefined || !before) return engine.store.entities.commit(whole);
            const { outbox: _, ...state } = whole;
            const early = await engine.store.entities.commit({ ...whole, body: before.body });
            return early.kind === "conflict" ? early : engine.store.entities.commit({ ...state, version: whole.version + 1 });
          })(stepped.document, document)`,
    pipelines: ["attribution"],
  },
  {
    name: "a first version without its outbox",
    file: "shared/runtime/entity.ts",
    find: "...(marks.length > 0 && { outbox: JSON.stringify(marks) }),",
    replace: "...(marks.length > 0 && entity.version > 0 && { outbox: JSON.stringify(marks) }),",
    pipelines: ["attribution", "windows"],
  },
  {
    name: "a delivery that doesn't tell where it stopped",
    file: deliver,
    find: '  return change && { sequence: change.sequence, reason: run.stopped ?? "" };',
    replace: "  return undefined;",
    pipelines: ["attribution", "dedupe"],
  },
  {
    name: "a line that goes on behind what wasn't taken",
    file: deliver,
    find: "    const left = run.stopped === undefined ? await deliverBatch(run, batch) : batch[0];\n    if (left) return left;",
    replace:
      "    const left = await deliverBatch(run, batch);\n    if (left && at + batchMax >= line.length) return left;",
    pipelines: ["attribution"],
  },
  {
    name: "the first line that stopped rather than the first change",
    file: deliver,
    find: "const first = Math.min(...left.map(",
    replace: "const first = Math.max(...left.map(",
    pipelines: ["attribution"],
  },
  {
    name: "what is refused is dropped",
    file: deliver,
    find: "  await putAside(run, known, outcome);",
    replace: "",
    pipelines: ["attribution", "dedupe"],
  },
  {
    name: "a refused batch that is put aside as a whole",
    file: deliver,
    find: "  if (known.length > 0) return undefined;",
    replace: "  return undefined;",
    pipelines: ["attribution"],
  },
  {
    name: "a revision under the id of the one before",
    file: "shared/runtime/outputs.ts",
    find: `  const id = \`\${name}:\${entity}:\${revision}\`;`,
    replace: `  const id = \`\${name}:\${entity}:\${Math.min(revision, 2)}\`;`,
    pipelines: ["attribution", "windows"],
  },
];
