import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

/** The rules of this repository that neither the compiler nor the linter knows. */

const filesOf = (...patterns: string[]) => globSync(patterns, { exclude: ["**/node_modules/**"] }).sort();
const textOf = (file: string) => readFileSync(file, "utf8");
const linesOf = (file: string) => textOf(file).split("\n");

const shipped = filesOf("{shared,functions,localstack,infra}/**/*.{ts,mjs}");
/** Without this file, which has to name what it looks for. */
const tests = filesOf("test/**/*.ts").filter((file) => file !== "test/tidy.test.ts");
const papers = filesOf("*.md", "docs/**/*.md");

/** `file:line: text` of all lines that `isWrong`. */
function findings(files: readonly string[], isWrong: (line: string, next: string) => boolean): string[] {
  return files.flatMap((file) => {
    const lines = linesOf(file);
    return lines.flatMap((line, i) => (isWrong(line, lines[i + 1] ?? "") ? [`${file}:${i + 1}: ${line.trim()}`] : []));
  });
}

describe("the sources", () => {
  it("are found: an empty list would keep every rule", () => {
    expect(shipped.length).toBeGreaterThan(50);
    expect(tests.length).toBeGreaterThan(30);
  });

  it("promise nothing without the number of an issue", () => {
    const promise = /\b(TODO|FIXME|XXX)\b/;
    expect(findings([...shipped, ...tests, ...papers], (line) => promise.test(line) && !/#\d+/.test(line))).toEqual([]);
  });

  it("are files of at most 250 lines", () => {
    const long = shipped.map((file) => `${file}: ${linesOf(file).length - 1}`);
    expect(long.filter((entry) => Number(entry.split(": ")[1]) > 250)).toEqual([]);
  });

  it("are named in kebab-case, and not after nothing in particular", () => {
    const wellNamed = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|config|d))?\.(ts|mjs)$/;
    const empty = /^(index|utils?|common|helpers?|misc|manager|data)\./;
    const names = [...shipped, ...tests].filter(
      (file) => !wellNamed.test(basename(file)) || empty.test(basename(file)),
    );
    expect(names).toEqual([]);
  });

  it("import files with their extension", () => {
    const relative = /(?:from|import\()\s*"(\.[^"]*)"/;
    const isWrong = (line: string) => {
      const [, path = ""] = relative.exec(line) ?? [];
      return path !== "" && !/\.(ts|mjs|json)$/.test(path);
    };
    expect(findings([...shipped, ...tests], isWrong)).toEqual([]);
  });

  it("name no path of the machine that they were written on", () => {
    const machine = /(^|[\s"'`(=:])\/(work|tmp|home|root|Users)\//;
    const ours = [
      ...shipped,
      ...papers,
      ...filesOf("*.{json,ts,mjs}", ".*.mjs", ".ci/*").filter((file) => file !== "package-lock.json"),
    ];
    expect(findings(ours, (line) => machine.test(line))).toEqual([]);
  });
});

describe("the ports", () => {
  const ports = [
    ["StateStore", "state-store"],
    ["ObjectStore", "object-store"],
    ["Endpoint", "endpoint"],
    ["Producer", "producer"],
  ] as const;

  it.each(ports)("have a contract: %s", (_, file) => {
    expect(
      [join("shared/ports", `${file}.ts`), join("test/contract", `${file}.contract.ts`)].filter(
        (path) => !existsSync(path),
      ),
    ).toEqual([]);
  });

  it.each(ports)("have a contract that every adapter of %s is held to", (port, file) => {
    const adapters = shipped.flatMap((path) => {
      return Array.from(
        textOf(path).matchAll(new RegExp(`class (\\w+) implements ${port}\\b`, "g")),
        ([, name = ""]) => name,
      );
    });
    const held = filesOf("test/contract/*.test.ts")
      .map(textOf)
      .filter((text) => text.includes(`${file}.contract.ts`));
    expect(adapters.length).toBeGreaterThan(0);
    expect(adapters.filter((name) => !held.some((text) => text.includes(name)))).toEqual([]);
  });
});

describe("the tests", () => {
  it("run all of them: none is singled out or left for later", () => {
    const singled = /\.(only|todo)\s*\(|\b[fx](it|describe|test)\(/;
    expect(findings(tests, (line) => singled.test(line))).toEqual([]);
  });

  it("print the reason where they are skipped", () => {
    const skips = /\.skip(If)?\s*\(/;
    const hasReason = (text: string) => /\$\{\s*skip|\.skip\(\s*["'`]\w.{9,}/.test(text);
    const unexplained = findings(tests, (line, next) => skips.test(line) && !hasReason(line) && !hasReason(next));
    expect(unexplained).toEqual([]);
  });
});

describe("the metrics", () => {
  const counted = shipped.flatMap((file) => {
    return Array.from(textOf(file).matchAll(/\bmeter\.count\(\s*("?[\w.]+"?)/g), ([, name = ""]) => name);
  });

  it("are counted under names that stand in the code, each in one place", () => {
    expect(counted.length).toBeGreaterThan(0);
    expect(counted.filter((name, i) => !name.startsWith('"') || counted.indexOf(name) !== i)).toEqual([]);
  });

  it("are named after what, its state and its unit", () => {
    const form = /^"[a-z]+(_[a-z]+)*_(total|ms|bytes)"$/;
    expect(counted.filter((name) => !form.test(name))).toEqual([]);
  });
});

describe("the package", () => {
  interface Package {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
    readonly scripts: Readonly<Record<string, string>>;
  }
  const { dependencies, devDependencies, scripts } = JSON.parse(textOf("package.json")) as Package;

  it("pins every dependency to one version", () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d/.test(version));
    expect(loose).toEqual([]);
  });

  it("has for every script the file that it runs", () => {
    const files = Object.values(scripts).flatMap((script) => script.match(/[\w./-]+\.(ts|mjs)\b/g) ?? []);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});
