import { describe, expect, it } from "vitest";
import { wire as wireAttribution } from "../../../functions/consume/wiring.ts";
import { wire as wireDeliver } from "../../../functions/deliver/wiring.ts";
import { Environment } from "../../../functions/environment.ts";
import { wire as wireFinalize } from "../../../functions/finalize/wiring.ts";
import { StreamError } from "../../../shared/core/errors.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** What `check` says after `ask`, without the prefix; `fine` where it says nothing. */
function problemsOf(variables: Variables, ask: (environment: Environment) => unknown): string {
  const environment = new Environment(variables);
  ask(environment);
  return saidBy(() => environment.check());
}

function saidBy(work: () => unknown): string {
  try {
    work();
    return "fine";
  } catch (error) {
    return saidOf(error);
  }
}

function saidOf(error: unknown): string {
  expect(error).toBeInstanceOf(StreamError);
  const { fault, message } = error as StreamError;
  return `${fault}: ${message}`;
}

describe("an environment", () => {
  it("gives what is there", () => {
    const environment = new Environment({ A: "a", N: "12", S: '{"x":"y"}', O: "throw" });
    const { text, optional, wholeNumber, oneOf, texts } = {
      text: environment.text("A"),
      optional: [environment.optional("A"), environment.optional("B")],
      wholeNumber: environment.wholeNumber("N", 1, 12),
      oneOf: environment.oneOf("O", ["report", "throw"]),
      texts: [environment.texts("S"), environment.texts("B")],
    };
    environment.check();
    expect([text, optional, wholeNumber, oneOf, texts]).toEqual(["a", ["a", undefined], 12, "throw", [{ x: "y" }, {}]]);
  });

  it("names all that is missing or wrong at once, in the order in which it was asked for", () => {
    const problems = problemsOf({ N: "0", S: "{", E: "" }, (environment) => {
      environment.text("A");
      environment.wholeNumber("N", 1, 9);
      environment.text("E");
      environment.oneOf("O", ["report", "throw"]);
      environment.texts("S");
      environment.wholeNumber("M", 1, 9);
    });
    expect(problems).toBe(
      'bug: environment: A is missing; N is "0", not a whole number from 1 to 9; E is missing; O is missing; ' +
        "S is not a JSON object of texts; M is missing",
    );
  });

  it("names a variable once, however often it is asked for", () => {
    const problems = problemsOf({}, (environment) => {
      environment.text("A");
      environment.text("A");
    });
    expect(problems).toBe("bug: environment: A is missing");
  });

  it.each([
    ["1", "fine"],
    ["9", "fine"],
    ["007", "fine"],
    ["0", undefined],
    ["10", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e0", undefined],
    [" 1", undefined],
    ["1 ", undefined],
    ["+1", undefined],
    ["0x1", undefined],
    ["one", undefined],
    ["1".repeat(400), undefined],
  ])("takes %j for a whole number from 1 to 9: %s", (text, verdict) => {
    const wrong = `bug: environment: N is "${text}", not a whole number from 1 to 9`;
    expect(problemsOf({ N: text }, (environment) => environment.wholeNumber("N", 1, 9))).toBe(verdict ?? wrong);
  });

  it.each(["report", "throw"])("takes %s where it is one of those known", (text) => {
    expect(problemsOf({ O: text }, (environment) => environment.oneOf("O", ["report", "throw"]))).toBe("fine");
  });

  it.each(["Report", "throw ", "toString"])("names those known where %j is none of them", (text) => {
    expect(problemsOf({ O: text }, (environment) => environment.oneOf("O", ["report", "throw"]))).toBe(
      `bug: environment: O is "${text}", not one of report, throw`,
    );
  });

  it.each([
    ["{}", "fine"],
    ['{"a":"b"}', "fine"],
    ["{", undefined],
    ["null", undefined],
    ["7", undefined],
    ['"text"', undefined],
    ['{"a":1}', undefined],
    ['{"a":null}', undefined],
    ['{"a":{}}', undefined],
    ["[]", undefined],
    ['["a"]', undefined],
  ])("takes %s for a JSON object of texts: %s", (text, verdict) => {
    const wrong = "bug: environment: S is not a JSON object of texts";
    expect(problemsOf({ S: text }, (environment) => environment.texts("S"))).toBe(verdict ?? wrong);
  });
});

describe("the wiring of the functions", () => {
  const fine = {
    ENTITIES_TABLE: "entities",
    PROGRESS_TABLE: "progress",
    OUTPUT_BUCKET: "bucket",
    PARTITIONS: "3",
    SINKS: "s3,http",
    BATCH_FAILURES: "report",
  };

  it("takes an environment that is right, without talking to AWS", () => {
    expect(wireAttribution(fine).failures).toBe("report");
    expect(wireAttribution({ ...fine, SETTINGS: '{"allowedLateness":"1m"}' }).pipeline.partitions).toBe(3);
    expect(wireFinalize(fine).pipelines.map(({ name }) => name)).toEqual(["attribution"]);
  });

  it("names everything that is missing at once, and once", async () => {
    const ofPipeline =
      "SINKS is missing; PARTITIONS is missing; ENTITIES_TABLE is missing; PROGRESS_TABLE is missing; OUTPUT_BUCKET is missing";
    expect(saidBy(() => wireAttribution({}))).toBe(`bug: environment: BATCH_FAILURES is missing; ${ofPipeline}`);
    expect(saidBy(() => wireFinalize({}))).toBe(`bug: environment: ${ofPipeline}`);
    const ofDeliver = await wireDeliver({}).then(() => "fine", saidOf);
    expect(ofDeliver).toBe(
      `bug: environment: ENDPOINT_URL is missing; ENDPOINT_SECRET_ARN is missing; ENDPOINT_BATCH_MAX is missing; ${ofPipeline}`,
    );
  });

  it.each<[name: string, wrong: Variables, named: string]>([
    ["partitions that are no number", { PARTITIONS: "three" }, 'PARTITIONS is "three"'],
    ["no partitions", { PARTITIONS: "0" }, 'PARTITIONS is "0"'],
    ["settings that are no JSON", { SETTINGS: "allowedLateness=1m" }, "SETTINGS is not a JSON object of texts"],
    ["settings that are numbers", { SETTINGS: '{"allowedLateness":60000}' }, "SETTINGS is not a JSON object of texts"],
    ["a setting that there isn't", { SETTINGS: '{"allowedLatenes":"1m"}' }, "did you mean allowedLateness?"],
    ["a setting that can't be", { SETTINGS: '{"allowedLateness":"soon"}' }, "allowedLateness takes a duration"],
    ["a sink that there isn't: its output would go nowhere", { SINKS: "S3,http" }, "SINKS"],
    ["no sink at all", { SINKS: "," }, "SINKS"],
  ])("refuses %s, as what is to be mended in the environment", (_, wrong, named) => {
    const said = saidBy(() => wireAttribution({ ...fine, ...wrong }));
    expect(said).toMatch(/^bug: environment: /);
    expect(said).toContain(named);
  });

  it("names a wrong setting together with what is missing", () => {
    const said = saidBy(() => wireFinalize({ ...fine, PARTITIONS: undefined, SETTINGS: '{"allowedLateness":"soon"}' }));
    expect(said).toContain("PARTITIONS is missing");
    expect(said).toContain("allowedLateness");
  });
});
