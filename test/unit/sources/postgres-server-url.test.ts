import { describe, expect, it } from "vitest";
import { StreamError } from "../../../shared/core/errors.ts";
import { PostgresEventRows } from "../../../shared/sources/postgres/postgres-event-rows.ts";
import { readServerUrl } from "../../../shared/sources/postgres/server-url.ts";

/** What the driver is told of TLS, and what stands in messages. */
function readingOf(url: string): Record<string, unknown> {
  const { connectionString, name, user } = readServerUrl(url);
  const { searchParams } = new URL(connectionString);
  return { name, user, sslmode: searchParams.get("sslmode"), asLibpq: searchParams.get("uselibpqcompat") };
}

function refusalOf(url: string): string {
  try {
    new PostgresEventRows({ url });
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError);
    return (error as StreamError).message;
  }
  return "none";
}

describe("the URL of a Postgres server", () => {
  it.each([
    ["postgres://u:p@db.example/app", "db.example:5432/app", "u", "verify-full"],
    ["postgresql://u:p@db.example:6543/app", "db.example:6543/app", "u", "verify-full"],
    ["postgres://u:p@db.example/app?sslmode=require", "db.example:5432/app", "u", "require"],
    ["postgres://u:p@db.example/app?sslmode=disable", "db.example:5432/app", "u", "disable"],
    ["postgres://u:p@db.example/app?sslmode=verify-ca", "db.example:5432/app", "u", "verify-ca"],
    ["postgres://u:p@localhost/app", "localhost:5432/app", "u", "disable"],
    ["postgres://u:p@127.0.0.1:5433/app", "127.0.0.1:5433/app", "u", "disable"],
    ["postgres://u:p@[::1]/app", "[::1]:5432/app", "u", "disable"],
    ["postgres:///app?host=/run/postgresql&user=u", "/run/postgresql:5432/app", "u", "disable"],
    ["postgres:///app?host=/run/postgresql&port=5433&user=a%20b", "/run/postgresql:5433/app", "a b", "disable"],
    ["postgres://u@localhost/app?host=db.example", "db.example:5432/app", "u", "verify-full"],
    ["postgres://u:p@127.0.0.1.example/app", "127.0.0.1.example:5432/app", "u", "verify-full"],
    ["postgres://u:p@127.0.0.1/app?sslmode=verify-full", "127.0.0.1:5432/app", "u", "verify-full"],
    ["postgres://a%20b:p@localhost/app", "localhost:5432/app", "a b", "disable"],
  ])("%s", (url, name, user, sslmode) => {
    expect(readingOf(url)).toEqual({ name, user, sslmode, asLibpq: "true" });
  });

  it.each([
    "postgres://u:se%2Fcret%25@localhost/app",
    "postgres://u:se%zzcret@localhost/app",
    "postgres://u%25:secret@localhost/app",
  ])("may hold all characters: %s", (url) => {
    expect(refusalOf(url)).toBe("none");
  });

  const form = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE";
  const modes = "sslmode is one of disable, require, verify-ca, verify-full";
  it.each([
    ["", `Postgres URL: ${form}`],
    ["u:secret@db.example/app", `Postgres URL: ${form}`],
    ["mysql://u:secret@db.example/app", `Postgres URL: ${form}`],
    ["postgres://u:secret@db.example:port/app", `Postgres URL: ${form}`],
    ["postgres://u:secret@db.example", `Postgres URL db.example:5432: ${form}`],
    ["postgres://u:secret@db.example/", `Postgres URL db.example:5432/: ${form}`],
    ["postgres:///app", `Postgres URL :5432/app: ${form}`],
    ["postgres://u:secret@db.example/app?sslmode=prefer", `Postgres URL db.example:5432/app: ${modes}`],
    ["postgres://u:secret@db.example/app?sslmode=allow", `Postgres URL db.example:5432/app: ${modes}`],
    ["postgres://u:secret@db.example/app?sslmode=no-verify", `Postgres URL db.example:5432/app: ${modes}`],
    ["postgres://u:secret@db.example/app?sslmode=", `Postgres URL db.example:5432/app: ${modes}`],
    [
      "postgres://u:secret@db.example/app?sslrootcert=nowhere.pem",
      "Postgres URL db.example:5432/app: ENOENT: no such file or directory, open 'nowhere.pem'",
    ],
  ])("is refused: %s", (url, message) => {
    expect(refusalOf(url)).toBe(message);
  });
});
