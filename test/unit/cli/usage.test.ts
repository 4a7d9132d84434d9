import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Ended, runCli } from "../../support/run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "usage-"));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (...path: string[]) => join(folder, ...path);
const record = (more: object = {}) => {
  const payload = { click_id: "c", user_id: "u", campaign_id: "a", event_time: "2024-01-01T12:00:00Z" };
  return `${JSON.stringify({ topic: "ad_clicks", partition: 0, offset: 0, ts: 1, key: "u", payload, ...more })}\n`;
};
const fileOf = (name: string, content: string) => {
  writeFileSync(at(name), content);
  return at(name);
};

const input = fileOf("input.ndjson", record());
/** A file where a directory should be: nothing can be made below it, whoever asks. */
const file = fileOf("file", "");
mkdirSync(at("directory"));
let outs = 0;
const freshOut = () => at(`out-${outs++}`);
const replay = (...args: string[]) => runCli("replay", "--pipeline", "attribution", "--input", input, ...args);
const replayOf = (path: string, ...args: string[]) => {
  return runCli("replay", "--pipeline", "attribution", "--input", path, "--out", freshOut(), ...args);
};

/** Exit code 2, nothing on standard output, and one line on standard error: that line. */
function complaint({ code, out, err }: Ended): string {
  expect({ code, out, lines: err.split("\n").length - 1 }, err).toEqual({ code: 2, out: "", lines: 1 });
  expect(err).toMatch(/^tidemark: .+\n$/);
  return err.slice("tidemark: ".length, -1);
}

describe("a command line that can't be", () => {
  it.each<[name: string, args: string[], said: string]>([
    ["an unknown command, with the nearest", ["replya"], "replay"],
    ["an unknown command far from any", ["frobnicate"], "unknown command 'frobnicate'"],
    ["an unknown option, with the nearest", ["generate", "--pipeline", "attribution", "--sed", "1"], "--seed"],
    ["no pipeline", ["replay", "--input", input], "--pipeline"],
    ["no input", ["replay", "--pipeline", "attribution"], "--input"],
    ["an option without its value", ["replay", "--pipeline", "attribution", "--input"], "--input"],
    ["no SQL", ["query"], "sql"],
    ["no event", ["invoke", "attribution"], "event.json"],
  ])("says what is wrong with %s", async (_, args, said) => {
    expect(complaint(await runCli(...args))).toContain(said);
  });
});

describe("no command at all", () => {
  it("is bad usage, and lists the commands without the parser's own words", async () => {
    const { code, out, err } = await runCli();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toContain("(outputHelp)");
    expect(err).toContain("--help");
  });
});

describe("a replay that can't be", () => {
  it("names the pipeline that there isn't, and the nearest", async () => {
    const ended = await runCli("replay", "--pipeline", "atribution", "--input", input);
    expect(complaint(ended)).toBe('there is no pipeline "atribution"; did you mean attribution?');
  });

  it("says it in one line, whatever is in the name", async () => {
    complaint(await runCli("replay", "--pipeline", "a\nb\u001b[31m", "--input", input));
  });

  it.each<[name: string, args: string[], said: string]>([
    ["an unknown setting, with the nearest", ["--set", "allowedLatenes=1m"], "did you mean allowedLateness?"],
    ["a setting without a value", ["--set", "allowedLateness"], '--set takes NAME=VALUE, not "allowedLateness"'],
    ["a bad duration", ["--set", "allowedLateness=1 minute"], "allowedLateness takes a duration such as"],
    ["a duration out of bounds", ["--set", "finalInterval=0ms"], "finalInterval takes 1s to 1d, not 0ms"],
    ["an unknown sink", ["--sinks", "s3,ftp"], 'sinks takes s3, http, kafka, not "ftp"'],
    ["a batch of 0", ["--batch", "0"], '--batch takes a whole number from 1 to 10000, not "0"'],
    ["a sink that the pipeline can't have", ["--sinks", "views"], 'sinks takes s3, http, kafka, not "views"'],
    ["no sink", ["--sinks", ""], "sinks takes"],
    ["a pipeline's setting that is another's", ["--set", "windowSize=1m"], "attribution has no setting"],
    ["no partitions", ["--partitions", "0"], '--partitions takes a whole number from 1 to 10000, not "0"'],
    ["partitions below none", ["--partitions", "-1"], "--partitions"],
    ["an --out below a file", ["--out", join(file, "out")], "give another directory with --"],
    [
      "a --state below a file",
      ["--state", join(file, "state")],
      "can't be written; give another directory with --state",
    ],
  ])("names %s", async (_, args, said) => {
    const given = args.includes("--out") ? args : ["--out", freshOut(), ...args];
    expect(complaint(await replay(...given))).toContain(said);
  });

  it.each([
    ["an input that isn't there", at("missing.ndjson")],
    ["an input that is a directory", at("directory")],
    ["an input below a file", join(file, "input.ndjson")],
  ])("names %s", async (_, path) => {
    expect(complaint(await replayOf(path))).toBe(`${path} can't be read; give a record file with --input`);
  });

  it.each<[name: string, content: string, said: string]>([
    ["the line that is no JSON", `${record()}${record({ offset: 1 })}{\n`, "line 3 is no record: it is not JSON"],
    ["the line counting blank ones", `\n\n${record()}\n[]\n`, "line 5 is no record: it is not a JSON object"],
    ["the line without a payload", '{"topic":"ad_clicks"}\n', "line 1 is no record: payload is missing"],
    ["the line cut short", record().slice(0, 40), "line 1 is no record: it is not JSON"],
  ])("names %s, before anything is processed", async (_, content, said) => {
    const out = freshOut();
    const path = fileOf("bad.ndjson", content);
    const ended = await runCli("replay", "--pipeline", "attribution", "--input", path, "--out", out);
    expect(complaint(ended)).toContain(`${path}: ${said}`);
    expect(existsSync(join(out, "summary.json")) || existsSync(join(out, "s3"))).toBe(false);
  });

  it("names the line whose partition is beyond --partitions, and takes the one just before", async () => {
    const path = fileOf("partitions.ndjson", `${record({ partition: 1 })}${record({ partition: 2 })}`);
    expect(complaint(await replayOf(path, "--partitions", "2"))).toContain("line 2: partition 2");
    expect((await replayOf(path, "--partitions", "3")).code).toBe(0);
  });

  it("names the partition beyond all that can be replayed", async () => {
    const path = fileOf("partitions.ndjson", record({ partition: 10_000 }));
    expect(complaint(await replayOf(path))).toContain("partition 10000");
  });

  it("refuses other partitions, and another output, than an existing state has", async () => {
    const [out, other] = [freshOut(), freshOut()];
    expect((await replay("--out", out, "--partitions", "2", "--no-drain")).code).toBe(0);
    const before = readdirSync(out);
    expect(complaint(await replay("--out", out, "--partitions", "3"))).toContain("this state has 2 partitions, not 3");
    const mixed = await replay("--out", out, "--state", at("another-state"));
    expect(complaint(mixed)).toContain("holds the output of another state");
    expect(readdirSync(out)).toEqual(before);
    expect((await replay("--out", out, "--state", join(out, "state"), "--partitions", "2")).code).toBe(0);
    expect((await replay("--out", other, "--partitions", "2")).code).toBe(0);
  });
});

describe("other commands that can't be", () => {
  const start = ["start", "--once", "--directory"];
  const generate = ["generate", "--pipeline", "attribution"];
  const event = "test/events/msk-ad-clicks.json";
  const state = () => ["--state", freshOut(), "--out", freshOut()];

  it.each<[name: string, args: () => string[], said: string]>([
    ["a start at no rate", () => [...start, freshOut(), "--rate", "0"], "--rate takes a whole number from 1 to 20000"],
    ["a start below a file", () => [...start, join(file, "start")], "can't be written"],
    [
      "a time that isn't",
      () => [...generate, "--start", "yesterday"],
      "--start takes a time such as 2024-01-01T12:00:00Z",
    ],
    ["a number of records below none", () => [...generate, "--records", "-1"], "--records"],
    [
      "a file below a file",
      () => [...generate, "--sample", "--output", join(file, "a")],
      "can't be written; give another file",
    ],
    ["a pipeline to generate for", () => ["generate", "--pipeline", "sales"], 'there is no pipeline "sales"'],
    ["a function, with the nearest", () => ["invoke", "finalise", event, ...state()], "did you mean finalize?"],
    [
      "an event that isn't there",
      () => ["invoke", "finalize", at("none.json"), ...state()],
      "is no readable JSON file",
    ],
    ["an event that is no JSON", () => ["invoke", "finalize", file, ...state()], "is no readable JSON file"],
    [
      "a state that isn't there",
      () => ["watermarks", "--pipeline", "attribution", "--state", at("none")],
      "there is no state in",
    ],
  ])("name %s", async (_, args, said) => {
    expect(complaint(await runCli(...args()))).toContain(said);
  });
});

describe("--help", () => {
  it("lists every command, with exit code 0", async () => {
    const { code, out, err } = await runCli("--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const command of ["start", "replay", "generate", "query", "invoke", "watermarks"])
      expect(out).toContain(`  ${command}`);
  });

  it("lists every option of a command, with exit code 0", async () => {
    const { code, out, err } = await runCli("replay", "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const options = ["pipeline", "input", "state", "out", "set", "sinks", "batch", "partitions", "no-drain", "json"];
    for (const option of options) expect(out).toContain(`--${option}`);
  });
});
