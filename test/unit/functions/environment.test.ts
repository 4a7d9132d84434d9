import { describe, expect, it } from "vitest";
import { wire as wireConsume } from "../../../functions/consume/wiring.ts";
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
    const environment = new Environment({ A: "a", N: "12", O: "throw" });
    const { text, optional, wholeNumber, oneOf, read } = {
      text: environment.text("A"),
      optional: [environment.optional("A"), environment.optional("B")],
      wholeNumber: environment.wholeNumber("N", 1, 12),
      oneOf: environment.oneOf("O", ["report", "throw"]),
      read: environment.read("A", () => 7),
    };
    environment.check();
    expect([text, optional, wholeNumber, oneOf, read]).toEqual(["a", ["a", undefined], 12, "throw", 7]);
  });

  it("names all that is missing or wrong at once, in the order in which it was asked for", () => {
    const problems = problemsOf({ N: "0", E: "" }, (environment) => {
      environment.text("A");
      environment.wholeNumber("N", 1, 9);
      environment.text("E");
      environment.oneOf("O", ["report", "throw"]);
      environment.read("S", () => {
        throw new Error("no settings");
      });
      environment.wholeNumber("M", 1, 9);
      environment.refuse("A and N don't go together");
    });
    expect(problems).toBe(
      'bug: environment: A is missing; N is "0", not a whole number from 1 to 9; E is missing; O is missing; ' +
        "S: no settings; M is missing; A and N don't go together",
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
});

describe("the wiring of the functions", () => {
  const pipelines = { attribution: { partitions: 3 }, purchases: { partitions: 6 } };
  const fine = {
    PIPELINES: JSON.stringify({ attribution: { partitions: 3, allowedLateness: "1m" } }),
    ENTITIES_TABLE: "entities",
    PROGRESS_TABLE: "progress",
    OUTPUT_BUCKET: "bucket",
    BATCH_FAILURES: "report",
  };

  it("takes an environment that is right, without talking to AWS", () => {
    const { failures, pipeline } = wireConsume(fine);
    expect([failures, pipeline.name, pipeline.partitions]).toEqual(["report", "attribution", 3]);
    const several = wireFinalize({ ...fine, PIPELINES: JSON.stringify(pipelines) }).pipelines;
    expect(several.map(({ name, partitions }) => [name, partitions])).toEqual([
      ["attribution", 3],
      ["purchases", 6],
    ]);
  });

  it("names everything that is missing at once, and once", async () => {
    const ofState =
      "PIPELINES is missing; ENTITIES_TABLE is missing; PROGRESS_TABLE is missing; OUTPUT_BUCKET is missing";
    expect(saidBy(() => wireConsume({}))).toBe(`bug: environment: BATCH_FAILURES is missing; ${ofState}`);
    expect(saidBy(() => wireFinalize({}))).toBe(`bug: environment: ${ofState}`);
    const ofDeliver = await wireDeliver({}).then(() => "fine", saidOf);
    expect(ofDeliver).toBe(
      "bug: environment: ENDPOINT_URL is missing; ENDPOINT_TIMEOUT_MS is missing; " +
        "ENDPOINT_STATUS_ERROR_IS_FAILURE is missing; PROGRESS_TABLE is missing; ENDPOINT_SECRET_ARN is missing; " +
        "ENDPOINT_BATCH_MAX is missing; PIPELINES is missing; OUTPUT_BUCKET is missing",
    );
  });

  it.each<[name: string, wrong: string, named: string]>([
    ["no JSON", "attribution=3", "PIPELINES: pipelines are JSON"],
    ["no pipeline", "{}", "PIPELINES: pipelines is empty"],
    ["two pipelines", JSON.stringify(pipelines), "PIPELINES names more than the one pipeline that a consumer takes"],
    ["no partitions", '{"attribution":{}}', "attribution.partitions is missing"],
    [
      "a setting that there isn't",
      '{"attribution":{"partitions":3,"allowedLatenes":"1m"}}',
      "did you mean allowedLateness?",
    ],
  ])("refuses %s, as what is to be mended in the environment", (_, wrong, named) => {
    const said = saidBy(() => wireConsume({ ...fine, PIPELINES: wrong }));
    expect(said).toMatch(/^bug: environment: /);
    expect(said).toContain(named);
  });

  it("names a wrong setting together with what is missing", () => {
    const wrong = { ...fine, OUTPUT_BUCKET: undefined, PIPELINES: '{"windows":{"partitions":1,"windowSize":"soon"}}' };
    const said = saidBy(() => wireFinalize(wrong));
    expect(said).toContain("OUTPUT_BUCKET is missing");
    expect(said).toContain("windowSize");
  });
});
