import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runCli } from "../../support/run-cli.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-watermarks-"));
const input = join(directory, "records.ndjson");
const args = [
  "replay",
  "--pipeline",
  "attribution",
  "--input",
  input,
  "--out",
  directory,
  "--partitions",
  "1",
  "--no-drain",
];
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function line(topic: string, payload: object): string {
  return `${JSON.stringify({ topic, key: "u", payload: { user_id: "u", event_time: "2024-01-01T12:10:00Z", ...payload } })}\n`;
}

async function shown(pipeline: string, state: string): Promise<Record<string, unknown>[]> {
  const { code, out } = await runCli("watermarks", "--pipeline", pipeline, "--state", state, "--json");
  expect(code).toBe(0);
  return out
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text));
}

it("there is no watermark until every topic has been seen, and then the least of theirs", async () => {
  writeFileSync(input, line("page_views", { event_id: "v" }));
  expect(await runCli(...args)).toMatchObject({ code: 0 });
  const none = { partition: 0, watermark: null, lagMs: null, idle: false };
  expect(await shown("attribution", join(directory, "state"))).toEqual([
    { ...none, topic: "ad_clicks", highestEventTime: null, nextOffset: 0 },
    { ...none, topic: "page_views", highestEventTime: "2024-01-01T12:10:00Z", nextOffset: 1 },
  ]);

  writeFileSync(input, line("ad_clicks", { click_id: "c", campaign_id: "a", event_time: "2024-01-01T12:09:00Z" }));
  expect(await runCli(...args)).toMatchObject({ code: 0 });
  const lines = await shown("attribution", join(directory, "state"));
  expect(lines.map(({ watermark }) => watermark)).toEqual(["2024-01-01T12:07:00Z", "2024-01-01T12:07:00Z"]);
});

it("partitions that count together have one watermark, and a line for it", async () => {
  const out = join(directory, "dedupe");
  const event = (partition: number, time: string) =>
    `${JSON.stringify({ topic: "incoming-events", partition, payload: { eventId: time, eventTime: time } })}\n`;
  writeFileSync(input, event(0, "2024-01-01T12:10:00Z") + event(1, "2024-01-01T12:20:00Z"));
  const replay = ["replay", "--pipeline", "dedupe", "--input", input, "--out", out, "--no-drain"];
  expect(await runCli(...replay)).toMatchObject({ code: 0 });
  const lines = await shown("dedupe", join(out, "state"));
  expect(lines.map(({ lagMs, ...rest }) => ({ ...rest, lags: Number(lagMs) > 0 }))).toEqual([
    ...[0, 1].map((partition) => ({
      ...{ topic: "incoming-events", partition, watermark: "2024-01-01T12:05:00Z", lags: true },
      highestEventTime: `2024-01-01T12:${partition + 1}0:00Z`,
      ...{ nextOffset: 1, idle: false },
    })),
    { topic: "incoming-events", partition: "all", watermark: "2024-01-01T12:05:00Z", lags: true },
  ]);
  const text = await runCli("watermarks", "--pipeline", "dedupe", "--state", join(out, "state"));
  expect(text.out.split("\n").map((shown) => shown.split("  ")[0])).toEqual([
    ...["incoming-events-0", "incoming-events-1", "incoming-events-all", ""],
  ]);
});

it("where records have no event time there are offsets and no watermark", async () => {
  const out = join(directory, "purchases");
  writeFileSync(input, `${JSON.stringify({ topic: "purchases", partition: 0, payload: null })}\n`);
  expect(await runCli("replay", "--pipeline", "purchases", "--input", input, "--out", out)).toMatchObject({ code: 0 });
  expect(await shown("purchases", join(out, "state"))).toEqual([
    { topic: "purchases", partition: 0, watermark: null, lagMs: null, nextOffset: 1 },
  ]);
});

it("a pipeline that never ran with a state is bad usage", async () => {
  const { code, err } = await runCli("watermarks", "--pipeline", "windows", "--state", join(directory, "state"));
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining("windows has not run with the state") });
});
