import fc from "fast-check";
import { expect, it } from "vitest";
import { settingsFrom } from "../../infra/settings-from-context.ts";
import { settingDefinitions } from "../../shared/settings/pipeline-definitions.ts";
import { pipelineNames, SettingError } from "../../shared/settings/settings.ts";
import { infrastructureGroups, readSystem } from "../../shared/settings/system.ts";

const numRuns = Number(process.env.FUZZ_RUNS ?? 1_000);

const value = fc.oneof(
  fc.constantFrom(
    "5m",
    "0s",
    "-1s",
    "P1D",
    "1e9d",
    "s3,http",
    ["s3"],
    [],
    {},
    null,
    0,
    -1,
    1e300,
    Number.NaN,
    true,
    "",
  ),
  fc.constantFrom("standard", "express", "existing", "provisioned", "__proto__", "constructor", "{{x}}", "\u0000"),
  fc.string(),
  fc.jsonValue({ maxDepth: 2 }),
);
const namesOf = (group: object) => [...Object.keys(group), "__proto__", "toString", "partition"];
const groupOf = (group: object) => fc.oneof(fc.dictionary(fc.constantFrom(...namesOf(group)), value), value);

const pipelines = fc.oneof(
  fc.record(Object.fromEntries(pipelineNames.map((name) => [name, groupOf(settingDefinitions[name])])), {
    requiredKeys: [],
  }),
  value,
);
const system = fc.record(
  {
    pipelines,
    name: value,
    endpoint: value,
    kafka: value,
    ...Object.fromEntries(Object.entries(infrastructureGroups).map(([name, group]) => [name, groupOf(group)])),
    more: value,
  },
  { requiredKeys: [] },
);

it("settings of any shape are read, or refused in sentences of one line that name no prototype's properties", () => {
  fc.assert(
    fc.property(fc.oneof(system, fc.anything()), (json) => {
      try {
        expect(Object.keys(readSystem(json).pipelines).length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(SettingError);
        const { problems } = error as SettingError;
        expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems) expect(problem).toMatch(/^[^\n]{3,1000}$/);
      }
    }),
    { numRuns },
  );
  expect(({} as Record<string, unknown>).partition).toBeUndefined();
});

it("settings on a command line change what they name, and never a prototype", () => {
  const key = fc.array(
    fc.constantFrom("cluster", "kind", "pipelines", "__proto__", "constructor", "prototype", "x", ""),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(
      fc.dictionary(
        key.map((path) => `tidemark.${path.join(".")}`),
        fc.string(),
      ),
      (overrides) => {
        settingsFrom({ tidemark: { pipelines: {} }, ...overrides });
        expect(({} as Record<string, unknown>).x).toBeUndefined();
        expect(({} as Record<string, unknown>).kind).toBeUndefined();
      },
    ),
    { numRuns },
  );
});
