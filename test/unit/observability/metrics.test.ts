import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rejectionReasons } from "../../../shared/core/record.ts";
import { metrics } from "../../../shared/ports/metrics.ts";

const names = Object.keys(metrics);

describe("the metrics", () => {
  it("are named after what, its state and its unit", () => {
    const odd = names.filter((name) => !/^[a-z]+(_[a-z]+)*_(total|ms)$/.test(name));
    expect(odd).toEqual([]);
    const units = Object.entries(metrics).map(([name, { unit }]) => [name, unit]);
    expect(units.filter(([name, unit]) => unit !== (name?.endsWith("_ms") ? "Milliseconds" : "Count"))).toEqual([]);
  });

  it("are each written somewhere", () => {
    const files = globSync("{shared/runtime,functions}/**/*.ts");
    const sources = files.map((file) => readFileSync(file, "utf8")).join("\n");
    const written = Array.from(
      sources.matchAll(/\bmeter\.(?:count|raise)\(\s*["`]([^"`]+)["`]/g),
      ([, name = ""]) => name,
    );
    const whole = written.flatMap((name) => {
      if (name.includes(reasonHole)) return rejectionReasons.map((reason) => name.replace(reasonHole, reason));
      return name.includes(kindHole) ? ["read", "write"].map((kind) => name.replace(kindHole, kind)) : [name];
    });
    expect(whole.toSorted()).toEqual(names.toSorted());
  });

  it("have a name for each reason that records are rejected for", () => {
    expect(rejectionReasons.filter((reason) => !names.includes(`records_${reason}_total`))).toEqual([]);
  });
});

/** Where a name is put together. */
const reasonHole = `\${${"reason"}}`;
const kindHole = `\${${"kind"}}`;
