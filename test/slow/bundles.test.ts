import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { FunctionRow } from "../../functions/function-row.ts";
import { functions } from "../../functions/manifest.ts";
import { type Bundle, bundleFolders } from "../../infra/bundle.ts";
import { type EmptyAws, startEmptyAws } from "../../localstack/stand-in/empty-aws.ts";
import { type Instance, startInstance } from "../../localstack/stand-in/lambda-runtime.ts";
import { sampleEnvironment, sampleEvent } from "../../localstack/stand-in/sample-invocation.ts";

/** A cold start pays for what nobody meant to ship. `backfill`, which knows every sink, has 1.2 MB; the next one 0.7 MB. */
const bytesMax = { backfill: 1_300_000, other: 750_000 };

const directory = mkdtempSync(join(tmpdir(), "tidemark-bundles-"));
const folders = [...new Set(functions.map(({ folder }) => folder))];
let bundles: ReadonlyMap<string, Bundle>;
let aws: EmptyAws;
beforeAll(async () => {
  bundles = await bundleFolders(join(directory, "first"));
  aws = await startEmptyAws();
}, 170_000);
afterAll(() => {
  aws.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** An instance of a function under the Runtime API, in the environment that a deployment gives it, or in none. */
async function start(row: FunctionRow, environment = sampleEnvironment(row, aws.url)): Promise<Instance> {
  const instance = await startInstance({ ...row, directory: join(directory, "first", row.folder), environment });
  onTestFinished(() => instance.stop());
  return instance;
}

describe("what Lambda gets", () => {
  it.each(folders)("of %s is one file with its map, small enough", (folder) => {
    const { directory, bytes } = bundles.get(folder) as Bundle;
    expect(readdirSync(directory).sort()).toEqual(["index.mjs", "index.mjs.map"]);
    expect(bytes).toBe(readFileSync(join(directory, "index.mjs")).length);
    expect(bytes).toBeLessThan(folder === "backfill" ? bytesMax.backfill : bytesMax.other);
  });

  it("is the same, byte for byte, of the same sources in another directory", async () => {
    const again = await bundleFolders(join(directory, "another", "place"));
    const contents = (all: ReadonlyMap<string, Bundle>) =>
      Array.from(all, ([folder, { directory }]) => [
        folder,
        ...readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8")),
      ]);
    expect(contents(again)).toEqual(contents(bundles));
  });

  it("has a map that names the sources as seen from the project, and holds none of them", () => {
    const map = JSON.parse(readFileSync(join(directory, "first", "consume", "index.mjs.map"), "utf8"));
    expect(map.sources).toContain("functions/consume/lambda.ts");
    expect(map.sourcesContent).toBeUndefined();
  });
});

describe("under Lambda's Runtime API", () => {
  it.each(functions.map((row) => [row.name, row] as const))(
    "%s asks for its first event, and fails in an environment without its variables",
    async (_, row) => {
      await expect(start(row, {})).rejects.toThrow(/^environment: \w+ is missing/);
      expect((await start(row)).log()).toBe("");
    },
  );

  it.each([
    ...[
      "attribution",
      "conversions",
      "windows",
      "dedupe",
      "engagement",
      "content",
      "purchases",
      "deliver",
      "clickhouse",
    ].map((name) => [name, { batchItemFailures: [] }] as const),
    ["finalize", { finals: { attribution: 0, conversions: 0, windows: 0, engagement: 0 } }],
    ["api", expect.objectContaining({ statusCode: 200, body: expect.stringContaining('"userId":"user_1"') })],
  ] as const)("%s answers its sample event", async (name, answer) => {
    const row = functions.find((row) => row.name === name) as FunctionRow;
    expect(await (await start(row)).invoke(sampleEvent(name))).toEqual({
      kind: "answered",
      answer,
      ms: expect.anything(),
    });
  });

  it("an event that isn't one of the function's fails with the name and message of its error, and the next is answered", async () => {
    const [attribution] = functions as [FunctionRow];
    const instance = await start(attribution);
    expect(await instance.invoke({ Records: "no" })).toMatchObject({
      kind: "failed",
      error: { errorType: expect.stringMatching(/Error$/), errorMessage: expect.stringMatching(/\w/) },
    });
    expect(await instance.invoke(sampleEvent("attribution"))).toMatchObject({ kind: "answered" });
  });
});
