import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { prices } from "../../../infra/cost/prices.ts";
import { costReport, exampleSystem, rates } from "../../../infra/cost/report.ts";
import { dollarsText, markdownTable } from "../../../infra/cost/table-text.ts";

describe("the cost report", () => {
  const report = costReport(exampleSystem(), "An example");

  it("has a column per rate, and ends its first table with Tidemark, the cluster and both", () => {
    const [, , table = ""] = report.split("\n\n");
    const [head, , ...rows] = table.split("\n");
    expect(head).toBe("|  | 0/s | 10/s | 1,000/s | 10,000/s |");
    expect(rows.every((row) => row.split(" | ").length === rates.length + 1)).toBe(true);
    const sums = rows.filter((row) => row.startsWith("| **")).map((row) => row.split(" | ")[0]);
    expect(sums).toEqual(["| **Tidemark**", "| **the cluster that you have anyway**", "| **both**"]);
    expect(rows.at(-1)).toMatch(/^\| \*\*both\*\*/);
  });

  it("shows every price, and marks those that aren't from AWS itself", () => {
    for (const { dollars, unit, source } of Object.values(prices)) {
      expect(report).toContain(`| ${unit}${source === "copied" ? " (a copy)" : ""} | $${dollars} |`);
    }
  });

  it("leaves out what costs nothing at any rate", () => {
    expect(report).not.toMatch(/^\| (NAT gateways|Secrets|DynamoDB: change streams) \|/m);
  });

  it("is printed by the command, also for a file of settings", () => {
    const print = (...args: string[]) =>
      execFileSync(process.execPath, ["infra/cost/print.ts", ...args], { encoding: "utf8" });
    expect(print()).toMatch(/^## One attribution pipeline: dollars per month\n/);
    expect(print("cdk.json")).toMatch(/^## cdk\.json: dollars per month\n/);
  });

  it.each([
    ["there is no such file", "none.json", "none.json is no readable JSON file; give the cdk.json of a deployment"],
    ["a file isn't JSON", "README.md", "README.md is no readable JSON file; give the cdk.json of a deployment"],
    ["a file has no context", "package.json", "package.json has no context; give the cdk.json of a deployment"],
  ])("says in one line that %s", (_, file, said) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["infra/cost/print.ts", file], { encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: "", stderr: `${said}\n` });
  });
});

describe("dollarsText", () => {
  it.each([
    [0, "0"],
    [0.004_9, "< 0.01"],
    [0.005, "0.01"],
    [1, "1.00"],
    [99.994, "99.99"],
    [100, "100"],
    [20_798.4, "20,798"],
  ])("writes %d as %s", (dollars, text) => {
    expect(dollarsText(dollars)).toBe(text);
  });
});

it("markdownTable has a ruler under its head", () => {
  expect(markdownTable(["", "a"], [["b", "1"]])).toBe("|  | a |\n| --- | --: |\n| b | 1 |");
});
