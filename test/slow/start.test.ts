import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { runCli, startCli } from "../support/run-cli.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-live-"));
const live = join(directory, "live");
const pipelines = ["attribution", "conversions", "dedupe", "windows", "purchases"];
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What `read` answers once that is something. */
async function eventually<T>(read: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    await sleep(100);
  }
}

function start() {
  const running = startCli(["start", "--directory", directory, "--port", "0", "--rate", "400"]);
  onTestFinished(() => void running.process.kill("SIGKILL"));
  let said = "";
  running.process.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  return { ...running, said: () => said };
}

/** The last table: the cells of each line, by pipeline. */
function tableIn(text: string): Record<string, string[]> | undefined {
  const lines = text.split("\n").map((line) => line.split(/ {2,}/));
  const ofTables = lines.filter(([name = "", ...cells]) => pipelines.includes(name) && cells.length === 8);
  const last = ofTables.slice(-pipelines.length).map(([name = "", ...cells]) => [name, cells] as const);
  return ofTables.length >= 2 * pipelines.length ? Object.fromEntries(last) : undefined;
}

async function answerOf(url: string, method = "GET"): Promise<Record<string, unknown>> {
  return (await (await fetch(url, { method })).json()) as Record<string, unknown>;
}

async function offsetsOf(pipeline: string): Promise<number> {
  const { out } = await runCli("watermarks", "--pipeline", pipeline, "--state", join(live, "state"), "--json");
  const lines = out.trimEnd().split("\n");
  return lines.reduce((sum, line) => sum + (JSON.parse(line).nextOffset ?? 0), 0);
}

it("start runs all pipelines with live traffic and an API, stops in good order, and goes on from there", async () => {
  const first = start();
  const [url] = await eventually(() => /http:\/\/127\.0\.0\.1:\d+/.exec(first.said()) ?? undefined);
  const { purchaseId } = await answerOf(`${url}/duplicate/3/me`, "POST");
  const total = await eventually(async () => {
    const answer = await answerOf(`${url}/total/me`);
    return answer.totalDebt === "0" ? undefined : answer;
  });
  expect(total).toEqual({ userId: "me", totalDebt: "100.00", currency: "USD" });
  const table = await eventually(() => tableIn(first.said()));
  expect(Object.keys(table)).toEqual(pipelines);
  for (const [rate = "", accepted = ""] of Object.values(table)) {
    expect(Number(rate)).toBeGreaterThan(0);
    expect(Number(accepted.replaceAll(",", ""))).toBeGreaterThan(0);
  }
  first.process.kill("SIGINT");
  const { code, err, out } = await first.ended;
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out.trimEnd().split("\n").at(-1)).toBe("Stopped. Nothing is lost: npm start goes on from here.");

  const asked = await runCli("query", "select purchaseId from purchases where userId = 'me'", "--out", live);
  expect(asked).toEqual({ code: 0, out: `${purchaseId}\n`, err: "" });
  const before = await Promise.all(pipelines.map(offsetsOf));

  const second = start();
  await eventually(() => tableIn(second.said()));
  second.process.kill("SIGTERM");
  expect(await second.ended).toMatchObject({ code: 0, err: "" });
  const after = await Promise.all(pipelines.map(offsetsOf));
  expect(after.map((offset, i) => offset > (before[i] ?? 0))).toEqual(pipelines.map(() => true));
});
