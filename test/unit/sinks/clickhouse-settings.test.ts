import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { StreamError } from "../../../shared/core/errors.ts";
import { enrichedEventColumns } from "../../../shared/pipelines/engagement/engagement.ts";
import { type ClickHouseSettings, ClickHouseStore } from "../../../shared/sinks/clickhouse/clickhouse-store.ts";
import { serverUrl } from "../../../shared/sinks/clickhouse/server-url.ts";
import { insertQuery, tableScript } from "../../../shared/sinks/clickhouse/table.ts";
import { enrichedColumns } from "../../support/clickhouse-outputs.ts";

const settings: ClickHouseSettings = {
  url: "https://clickhouse.example:8443",
  username: "writer",
  password: "a secret",
  columns: enrichedColumns,
};

/** What is thrown for settings that can't be used. */
function refusal(wrong: Partial<ClickHouseSettings>): string {
  try {
    new ClickHouseStore({ ...settings, ...wrong });
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError);
    expect(error).toMatchObject({ fault: "bug" });
    return (error as Error).message;
  }
  return "nothing";
}

describe("the settings of a ClickHouseStore", () => {
  it.each([
    "https://clickhouse.example",
    "https://clickhouse.example:8443/",
    "https://proxy.example/clickhouse",
    "http://localhost:8123",
    "http://127.0.0.1:8123",
    "http://[::1]:8123",
  ])("take the URL %s", (url) => {
    expect(refusal({ url })).toBe("nothing");
  });

  it.each([
    ["", "ClickHouse URL: expected https://HOST:PORT"],
    ["clickhouse.example:8443", "ClickHouse URL: expected https://HOST:PORT"],
    ["tcp://clickhouse.example:9000", "ClickHouse URL: expected https://HOST:PORT"],
    [
      "https://writer:hunter2@clickhouse.example",
      "ClickHouse URL https://clickhouse.example: a user name or password in it is not used; they are settings",
    ],
    [
      "https://clickhouse.example/?password=hunter2",
      "ClickHouse URL https://clickhouse.example: a query or fragment in it is not used; database and table are settings",
    ],
    [
      "https://clickhouse.example/#hunter2",
      "ClickHouse URL https://clickhouse.example: a query or fragment in it is not used; database and table are settings",
    ],
    [
      "http://clickhouse.example:8123",
      "ClickHouse URL http://clickhouse.example:8123: plain http is for loopback hosts only; use https, or set allowPlainHttp",
    ],
    [
      "http://128.0.0.1",
      "ClickHouse URL http://128.0.0.1: plain http is for loopback hosts only; use https, or set allowPlainHttp",
    ],
  ])("don't take the URL %j", (url, message) => {
    expect(refusal({ url })).toBe(message);
  });

  it("take plain http to another machine where they say so", () => {
    expect(refusal({ url: "http://clickhouse.example:8123", allowPlainHttp: true })).toBe("nothing");
    expect(serverUrl("http://clickhouse.example:8123", true).origin).toBe("http://clickhouse.example:8123");
  });

  it("take an empty password, as a server on this machine has it, but no empty user name", () => {
    expect(refusal({ password: "" })).toBe("nothing");
    expect(refusal({ username: "" })).toBe("ClickHouse: no user name is given");
  });

  it.each(["", "1a", "a b", "a.b", "a-b", "`a`", "ä", "a;drop", "a".repeat(129)])("don't take the name %j", (name) => {
    const expected = "expected at most 128 letters, digits and _, no digit first";
    const shown = JSON.stringify(name);
    expect(refusal({ database: name })).toBe(`ClickHouse database ${shown}: ${expected}`);
    expect(refusal({ table: name })).toBe(`ClickHouse table ${shown}: ${expected}`);
    const columns = [{ name, type: "string", nullable: true } as const];
    expect(refusal({ columns })).toBe(`ClickHouse column ${shown}: ${expected}`);
  });

  it("take names of letters, digits and underscores, up to 128 of them", () => {
    for (const name of ["a", "_", "Db_1", "a".repeat(128)]) {
      const columns = [{ name, type: "string", nullable: true } as const];
      expect(insertQuery({ database: name, table: name, columns })).toBe(
        `INSERT INTO \`${name}\`.\`${name}\` (\`${name}\`) FORMAT JSONEachRow`,
      );
    }
  });

  it("need columns", () => {
    expect(refusal({ columns: [] })).toBe("ClickHouse: no columns are given");
  });
});

describe("the script that makes the table", () => {
  /** The lines between the parentheses of CREATE TABLE: name and type. */
  const columns = Array.from(
    readFileSync(tableScript, "utf8").matchAll(/^ {4}([a-z_]+) +([A-Z][^\n]*?),?$/gm),
    ([, name, type]) => ({ name, nullable: type?.includes("Nullable(") }),
  );

  it("has the columns of the pipeline's rows, in their order, nullable where they are", () => {
    expect(enrichedEventColumns).toEqual(enrichedColumns);
    expect(columns).toEqual(enrichedColumns.map(({ name, nullable }) => ({ name, nullable })));
  });
});
