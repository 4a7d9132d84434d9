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

it("there is no watermark until every topic has been seen, and then the least of theirs", async () => {
  writeFileSync(input, line("page_views", { event_id: "v" }));
  expect(await runCli(...args)).toMatchObject({ code: 0 });
  const show = ["watermarks", "--pipeline", "attribution", "--state", join(directory, "state"), "--json"];
  const first = JSON.parse((await runCli(...show)).out);
  expect(first).toMatchObject({ topic: "page_views", partition: 0, watermark: null, lagMs: null, nextOffset: 1 });

  writeFileSync(input, line("ad_clicks", { click_id: "c", campaign_id: "a", event_time: "2024-01-01T12:09:00Z" }));
  expect(await runCli(...args)).toMatchObject({ code: 0 });
  const lines = (await runCli(...show)).out.trimEnd().split("\n");
  expect(lines.map((text) => JSON.parse(text).watermark)).toEqual(["2024-01-01T12:07:00Z", "2024-01-01T12:07:00Z"]);
});
