import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runCli } from "../../support/run-cli.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-start-"));
const sample = join(directory, "sample");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const start = (...args: string[]) => runCli("start", "--once", "--directory", directory, ...args);

/** Twice: the second run begins with fresh state, as the first did. */
it.each(["first", "second"])("shows what becomes of every pipeline's sample, the %s time", async () => {
  const { code, out, err } = await start();
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out.split("\n").filter((line) => /^\w+\|/.test(line))).toEqual([
    "pv_1|user_1|2024-01-01T12:10:00Z|campaign_A|click_1",
    "pv_2|user_2|2024-01-01T12:15:00Z|campaign_B|click_2",
    "pv_3|user_3|2024-01-01T12:30:00Z|campaign_D|click_3b",
    "pv_4|user_4|2024-01-01T13:10:00Z||",
    "pv_5|user_5|2024-01-01T12:45:00Z|campaign_F|click_5",
    "pv_6|user_6|2024-01-01T13:20:00Z||",
    "conv_1|user_1|campaign_A|99.990000|click_1",
    "conv_2|user_1|campaign_B|0.000000|click_3",
    "conv_3|user_3|campaign_A|25.500000|",
    "conv_4|user_4|campaign_A|50.000000|",
    "conv_5|user_2|campaign_A|12.340000|click_4",
    "conv_6|user_2|campaign_A|12.340000|",
    "ev_1|2024-01-01T12:00:00Z",
    "ev_2|2024-01-01T12:00:01Z",
    "ev_3|2024-01-01T12:00:02Z",
    "ev_4|2024-01-01T12:10:00Z",
    "ev_5|2024-01-01T12:10:00Z",
    "ev_6|2024-01-01T12:10:00Z",
    "ev_7|2024-01-01T12:05:00Z",
    "user_1|2024-01-01T12:00:00Z|2024-01-01T12:05:00Z|3|1.800000|0.100000|1.500000",
    "user_1|2024-01-01T12:05:00Z|2024-01-01T12:10:00Z|2|7.250000|2.250000|5.000000",
    "user_2|2024-01-01T12:00:00Z|2024-01-01T12:05:00Z|2|100.000000|0.000000|100.000000",
    "user_3|2024-01-01T12:15:00Z|2024-01-01T12:20:00Z|3|3.000000|1.000000|1.000000",
    "2|1|play||video|300||",
    "3|1|pause|60000|video|300|60|0.2",
    "4|3|click||article|||",
    "5|2|play||video|120||",
    "6|2|finish|120000|video|120|120|1",
    "7|3|finish|45000|article|||",
    "8|4|play|90000|podcast|1800|90|0.05",
    "9|9|click|||||",
    "10|4|pause|450000|podcast|1800|450|0.25",
    "12|1|pause|7500|video|300|7.5|0.03",
    "13|2|play|0|video|120|0|0",
    "14|2|pause|61000|video|120|61|0.51",
    "15|1|click||video|300||",
    "16|1|play|7000|video|300|7|0.02",
    "17|1|finish|280000|video|280|280|1",
    "18|1|play|1000|video|280|1|0",
    "19|1|play|2800|video|280|2.8|0.01",
    "20|1|pause|5600|video|280|5.6|0.02",
    "21|3|click|||||",
    "user_1|100.000000|1",
    "user_2|60.270000|2",
    "user_3|10.000000|1",
  ]);
});

it("names places that are there, and a query that can be asked as it stands", async () => {
  const { out } = await start();
  const places = out.split("\n").flatMap((line) => /: {2,}(\S+)$/.exec(line)?.[1] ?? []);
  expect(places.length).toBe(5);
  expect(places.filter((place) => !existsSync(place))).toEqual([]);
  const [, sql = "", from = ""] = /tidemark -- query "([^"]+)" --out (\S+)/.exec(out) ?? [];
  expect(from).toBe(sample);
  const answer = await runCli("query", sql, "--out", from);
  expect({ ...answer, out: answer.out.split("\n").sort() }).toEqual({
    ...{ code: 0, err: "" },
    out: ["", "late|2", "malformed|4"],
  });
});

it("runs those pipelines that it is told to, and names no place that has nothing to do with them", async () => {
  const { code, out } = await start("--pipelines", "purchases");
  expect(code).toBe(0);
  expect(out.split("\n").filter((line) => /^\w+\|/.test(line))).toEqual([
    ...["user_1|100.000000|1", "user_2|60.270000|2", "user_3|10.000000|1"],
  ]);
  expect(out).not.toMatch(/Kafka|HTTP/);
});
