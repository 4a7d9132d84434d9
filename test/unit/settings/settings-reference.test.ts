import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { settingsPage, settingsReference } from "../../../localstack/reference/settings-reference.ts";
import {
  clickhouseDefinitions,
  endpointDefinitions,
  kafkaDefinitions,
  postgresDefinitions,
  redisDefinitions,
} from "../../../shared/settings/delivery-definitions.ts";
import { readDeployment } from "../../../shared/settings/deployment.ts";
import { settingDefinitions } from "../../../shared/settings/pipeline-definitions.ts";
import { infrastructureGroups } from "../../../shared/settings/system.ts";

const page = readFileSync(settingsReference, "utf8");

/** `section.setting` of every row in the page's tables. */
function settingsOn(text: string): string[] {
  return text.split(/^## /m).flatMap((section) => {
    const name = section.slice(0, section.indexOf("\n"));
    return Array.from(section.matchAll(/^\| `(\w+)` \|/gm), ([, setting]) => `${name}.${setting}`);
  });
}

describe("docs/reference/settings.md", () => {
  it("is what the definitions of settings say", () => {
    expect(page, "it is stale; this writes it: npm run reference").toBe(settingsPage());
  });

  it("has a row for every setting there is", () => {
    const groups = {
      ...settingDefinitions,
      ...{ endpoint: endpointDefinitions, kafka: kafkaDefinitions, clickhouse: clickhouseDefinitions },
      ...{ redis: redisDefinitions, postgres: postgresDefinitions },
      ...infrastructureGroups,
    };
    const all = Object.entries(groups).flatMap(([group, settings]) =>
      Object.keys(settings).map((setting) => `${group}.${setting}`),
    );
    expect(settingsOn(page)).toEqual(all);
  });

  it("shows examples that a deployment takes, together", () => {
    const examples = Array.from(page.matchAll(/```json\n(.*?)```/gs), ([, json = ""]) => JSON.parse(json) as object);
    expect(examples.map((example) => Object.keys(example))).toEqual([
      ["pipelines"],
      ["endpoint", "kafka", "clickhouse", "redis", "postgres"],
    ]);
    const deployment = readDeployment(Object.assign({}, ...examples));
    expect(deployment.endpoint?.batchMax).toBe(100);
  });
});

describe("cdk.json", () => {
  it("holds settings that a deployment takes as they are", () => {
    const { context } = JSON.parse(readFileSync("cdk.json", "utf8")) as { context: { tidemark: unknown } };
    const { pipelines } = readDeployment(context.tidemark);
    expect(Object.keys(pipelines)).toEqual(Object.keys(settingDefinitions));
  });

  it("sends nothing to an address that isn't the deployer's own", () => {
    expect(readFileSync("cdk.json", "utf8")).not.toMatch(/https?:|example/);
  });
});
