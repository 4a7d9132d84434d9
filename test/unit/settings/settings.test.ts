import { describe, expect, it } from "vitest";
import { parseDuration } from "../../../shared/core/duration.ts";
import { nearest } from "../../../shared/settings/nearest.ts";
import {
  pipelineNamed,
  pipelineNames,
  readSettings,
  SettingError,
  settingDefinitions,
} from "../../../shared/settings/settings.ts";

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/** What is said of these settings; `fine` where nothing is. */
function verdictOn(given: Readonly<Record<string, string>>): string {
  return saidBy(() => readSettings("attribution", given));
}

function saidBy(work: () => unknown): string {
  try {
    work();
    return "fine";
  } catch (error) {
    expect(error).toBeInstanceOf(SettingError);
    return (error as SettingError).message;
  }
}

describe("the settings of attribution", () => {
  const defaults = {
    attributionWindow: 30 * minute,
    allowedLateness: 2 * minute,
    finalInterval: 5 * minute,
    maxFutureSkew: 5 * minute,
    idleTimeout: 10 * minute,
    stateBytesMax: 262_144,
  };

  it("are the documented ones where none is given", () => {
    expect(readSettings("attribution", {})).toEqual(defaults);
  });

  it("are those given, and the defaults of the others", () => {
    const given = { allowedLateness: "90s", attributionWindow: "PT1H", stateBytesMax: "4096" };
    expect(readSettings("attribution", given)).toEqual({
      ...defaults,
      allowedLateness: 90 * second,
      attributionWindow: 60 * minute,
      stateBytesMax: 4_096,
    });
  });

  it.each([
    ["attributionWindow", 0, 90 * day],
    ["allowedLateness", 0, 7 * day],
    ["finalInterval", second, day],
    ["maxFutureSkew", 0, 365 * day],
    ["idleTimeout", second, 7 * day],
  ])("takes for %s from %i ms to %i ms, both included", (name, min, max) => {
    const verdicts = [min - 1, min, max, max + 1].map((ms) => (ms < 0 ? "none" : verdictOn({ [name]: `${ms}ms` })));
    expect(verdicts.slice(1, 3)).toEqual(["fine", "fine"]);
    expect(verdicts[3]).toMatch(new RegExp(`^${name} takes \\S+ to \\S+, not ${max + 1}ms$`));
    if (min > 0) expect(verdicts[0]).toMatch(new RegExp(`^${name} takes \\S+ to \\S+, not ${min - 1}ms$`));
  });

  it.each([
    ["1023", "stateBytesMax takes 1024 to 327680, not 1023"],
    ["1024", "fine"],
    ["327680", "fine"],
    ["327681", "stateBytesMax takes 1024 to 327680, not 327681"],
    ["4k", 'stateBytesMax takes a whole number of bytes, not "4k"'],
    ["4096.0", 'stateBytesMax takes a whole number of bytes, not "4096.0"'],
    ["-4096", 'stateBytesMax takes a whole number of bytes, not "-4096"'],
    ["", 'stateBytesMax takes a whole number of bytes, not ""'],
    ["9".repeat(400), `stateBytesMax takes 1024 to 327680, not ${"9".repeat(400)}`],
  ])("say of %s bytes: %s", (text, verdict) => {
    expect(verdictOn({ stateBytesMax: text })).toBe(verdict);
  });

  it.each(["", "5", "-5m", "5 m", "soon", "1h30m", "PT", "Infinity"])("take no %j for a duration", (text) => {
    expect(verdictOn({ allowedLateness: text })).toBe(
      `allowedLateness takes a duration such as 500ms, 90s, 2m, 24h or PT5M, not "${text}"`,
    );
  });

  it("say their bounds in durations that can be typed back", () => {
    const [, min = "", max = ""] = /takes (\S+) to (\S+),/.exec(verdictOn({ finalInterval: "2d" })) ?? [];
    expect([parseDuration(min), parseDuration(max)]).toEqual([second, day]);
  });

  it.each([
    ["allowedlateness", "did you mean allowedLateness?"],
    ["allowed_lateness", "did you mean allowedLateness?"],
    ["alowedLatenes", "did you mean allowedLateness?"],
    ["window", "known are "],
    ["colour", "known are "],
    ["toString", "known are "],
    ["__proto__", "known are "],
    ["", "known are "],
  ])("know no %j: %s", (name, hint) => {
    const given = Object.defineProperty({}, name, { value: "1m", enumerable: true }) as Record<string, string>;
    expect(verdictOn(given)).toContain(`attribution has no setting "${name}"; ${hint}`);
  });
});

describe("the definitions of all settings", () => {
  const all = pipelineNames.flatMap((pipeline) => Object.entries(settingDefinitions[pipeline]));

  it.each(all)("of %s lie with their default within their bounds, and say what they mean", (_, definition) => {
    const { min, default: value, max, meaning } = definition;
    expect(min).toBeLessThanOrEqual(value);
    expect(value).toBeLessThanOrEqual(max);
    expect(meaning).not.toBe("");
  });
});

describe("pipelineNamed", () => {
  it("finds every pipeline by its name", () => {
    expect(pipelineNames.map(pipelineNamed)).toEqual(pipelineNames);
  });

  it.each([
    ["atribution", 'there is no pipeline "atribution"; did you mean attribution?'],
    ["Attribution", 'there is no pipeline "Attribution"; did you mean attribution?'],
    ["sales", `there is no pipeline "sales"; known are ${pipelineNames.join(", ")}`],
    ["constructor", `there is no pipeline "constructor"; known are ${pipelineNames.join(", ")}`],
  ])("says of %s: %s", (name, message) => {
    expect(saidBy(() => pipelineNamed(name))).toBe(message);
  });
});

describe("nearest", () => {
  const known = ["replay", "generate", "watermarks", "query"];
  it.each([
    ["replay", "replay"],
    ["reply", "replay"],
    ["REPLAY", "replay"],
    ["watermark", "watermarks"],
    ["gnerate", "generate"],
    ["qery", "query"],
    ["deploy", "replay"],
    ["deployed", undefined],
    ["x", undefined],
    ["", undefined],
    ["replay".repeat(1_000), undefined],
  ])("takes %s for %s", (given, expected) => {
    expect(nearest(given, known)).toBe(expected);
  });

  it("takes nothing for one of no names", () => {
    expect(nearest("replay", [])).toBeUndefined();
  });

  it("answers at once for a text of 10 MB", () => {
    expect(nearest("r".repeat(10_000_000), known)).toBeUndefined();
  });
});
