import { describe, expect, expectTypeOf, it } from "vitest";
import { parseDuration } from "../../../shared/core/duration.ts";
import type { DurationMs } from "../../../shared/core/units.ts";
import type { Definitions, Sink } from "../../../shared/settings/definition.ts";
import { endpointDefinitions, kafkaDefinitions } from "../../../shared/settings/delivery-definitions.ts";
import { settingDefinitions } from "../../../shared/settings/pipeline-definitions.ts";
import {
  type PipelineName,
  type PipelineSettings,
  pipelineNamed,
  pipelineNames,
  readSettings,
  SettingError,
} from "../../../shared/settings/settings.ts";
import { problemsOf } from "./said-by.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** What is said of these settings; `fine` where nothing is. */
function verdictOn(pipeline: PipelineName, given: Readonly<Record<string, unknown>>): string {
  return problemsOf(() => readSettings(pipeline, given)).join(" AND ") || "fine";
}

const timed = { maxFutureSkew: 5 * minute, idleTimeout: 10 * minute };
const keyed = { stateBytesMax: 262_144, stateRetention: 14 * day };
const attributionDefaults = {
  attributionWindow: 30 * minute,
  allowedLateness: 2 * minute,
  finalInterval: 5 * minute,
  ...timed,
  ...keyed,
  sinks: ["s3", "http"],
  outputTopic: "attributed-page-views",
};

describe("the settings of", () => {
  it.each<[PipelineName, object]>([
    ["attribution", attributionDefaults],
    [
      "conversions",
      {
        attributionWindow: 24 * hour,
        allowedLateness: 5 * minute,
        finalInterval: 5 * minute,
        ...timed,
        ...keyed,
        sinks: ["s3", "kafka"],
        outputTopic: "attributed-events",
      },
    ],
    [
      "dedupe",
      {
        allowedLateness: 5 * minute,
        dedupeRetention: 7 * day,
        ...timed,
        stateBytesMax: 262_144,
        sinks: ["s3", "kafka"],
        outputTopic: "processed-events",
      },
    ],
    [
      "windows",
      {
        windowSize: 5 * minute,
        allowedLateness: 10 * minute,
        ...timed,
        ...keyed,
        sinks: ["s3", "kafka"],
        outputTopic: "mode-b-aggregates",
      },
    ],
    ["purchases", { stateBytesMax: 262_144, sinks: ["s3", "views"], outputTopic: "processed-purchases" }],
  ])("%s are the documented ones where none is given, and no number of partitions", (pipeline, defaults) => {
    expect(readSettings(pipeline, {})).toStrictEqual({ ...defaults, partitions: undefined });
  });

  it.each(pipelineNames)("%s take each setting of theirs, and none of others", (pipeline) => {
    const all = new Set(pipelineNames.flatMap((name) => Object.keys(settingDefinitions[name])));
    const known = [...all].filter((name) => !verdictOn(pipeline, { [name]: "" }).includes("has no setting"));
    expect(known.sort()).toEqual(Object.keys(readSettings(pipeline, {})).sort());
  });
});

describe("the type of settings", () => {
  it("has exactly the fields of its pipeline, each in its unit", () => {
    // Checked by the compiler, not when this runs.
    expectTypeOf<PipelineSettings<"windows">>().toEqualTypeOf<{
      readonly windowSize: DurationMs;
      readonly allowedLateness: DurationMs;
      readonly maxFutureSkew: DurationMs;
      readonly idleTimeout: DurationMs;
      readonly stateBytesMax: number;
      readonly stateRetention: DurationMs;
      readonly partitions: number | undefined;
      readonly sinks: readonly Sink[];
      readonly outputTopic: string;
    }>();
    expectTypeOf<PipelineSettings<"purchases">>().toEqualTypeOf<{
      readonly stateBytesMax: number;
      readonly partitions: number | undefined;
      readonly sinks: readonly Sink[];
      readonly outputTopic: string;
    }>();
  });
});

describe("a setting that is given", () => {
  it("takes the place of the default, and leaves the others", () => {
    const given = { allowedLateness: "90s", attributionWindow: "PT1H", stateBytesMax: "4096", sinks: "kafka" };
    expect(readSettings("attribution", given)).toEqual({
      ...attributionDefaults,
      allowedLateness: 90 * second,
      attributionWindow: 60 * minute,
      stateBytesMax: 4_096,
      sinks: ["kafka"],
    });
  });

  it("means the same as text, as --set has it, and as JSON has it", () => {
    const text = { partitions: "4", stateBytesMax: "4096", sinks: "s3,kafka", allowedLateness: "5m", outputTopic: "x" };
    const json = {
      partitions: 4,
      stateBytesMax: 4_096,
      sinks: ["s3", "kafka"],
      allowedLateness: "PT5M",
      outputTopic: "x",
    };
    expect(readSettings("windows", json)).toEqual(readSettings("windows", text));
    expect(readSettings("windows", text).partitions).toBe(4);
  });

  it.each([
    ["attribution", "attributionWindow", 0, 90 * day],
    ["conversions", "attributionWindow", 0, 90 * day],
    ["attribution", "allowedLateness", 0, 7 * day],
    ["dedupe", "allowedLateness", 0, 7 * day],
    ["dedupe", "dedupeRetention", second, 730 * day],
    ["windows", "windowSize", second, day],
    ["attribution", "finalInterval", second, day],
    ["attribution", "maxFutureSkew", 0, 365 * day],
    ["attribution", "idleTimeout", second, 7 * day],
    ["attribution", "stateRetention", day, 730 * day],
  ] as const)("of %s: %s lies from %i ms to %i ms, both included", (pipeline, name, min, max) => {
    const verdicts = [min - 1, min, max, max + 1].map((ms) =>
      ms < 0 ? "none" : verdictOn(pipeline, { [name]: `${ms}ms` }),
    );
    expect(verdicts.slice(1, 3)).toEqual(["fine", "fine"]);
    expect(verdicts[3]).toMatch(new RegExp(`^${name} takes \\S+ to \\S+, not ${max + 1}ms$`));
    if (min > 0) expect(verdicts[0]).toMatch(new RegExp(`^${name} takes \\S+ to \\S+, not ${min - 1}ms$`));
  });

  it("is refused with bounds that can be typed back", () => {
    const [, min = "", max = ""] =
      /takes (\S+) to (\S+),/.exec(verdictOn("attribution", { finalInterval: "2d" })) ?? [];
    expect([parseDuration(min), parseDuration(max)]).toEqual([second, day]);
  });

  it("is the object's own: what it inherits is not given", () => {
    expect(readSettings("attribution", Object.create({ sinks: "kafka" }))).toEqual(attributionDefaults);
  });

  it.each<[given: unknown, shown: string]>([
    ["", '""'],
    ["5", '"5"'],
    ["-5m", '"-5m"'],
    ["5 m", '"5 m"'],
    ["soon", '"soon"'],
    ["1h30m", '"1h30m"'],
    ["PT", '"PT"'],
    ["Infinity", '"Infinity"'],
    ["5m\n", '"5m\\n"'],
    [300, "300"],
    [null, "null"],
    [true, "true"],
    [["5m"], "a list"],
    [{ minutes: 5 }, "an object"],
    ["m".repeat(61), `"${"m".repeat(60)}…"`],
    ["9".repeat(10_000_000), `"${"9".repeat(60)}…"`],
  ])("is no duration where it is %#", (given, shown) => {
    expect(verdictOn("attribution", { allowedLateness: given })).toBe(
      `allowedLateness takes a duration such as 500ms, 90s, 2m, 24h or PT5M, not ${shown}`,
    );
  });

  it.each<[given: unknown, verdict: string]>([
    ["1023", "stateBytesMax takes 1024 to 327680, not 1023"],
    [1_023, "stateBytesMax takes 1024 to 327680, not 1023"],
    ["1024", "fine"],
    [1_024, "fine"],
    ["327680", "fine"],
    [327_680, "fine"],
    ["327681", "stateBytesMax takes 1024 to 327680, not 327681"],
    [327_681, "stateBytesMax takes 1024 to 327680, not 327681"],
    [1e21, "stateBytesMax takes 1024 to 327680, not 1e+21"],
    [Number.POSITIVE_INFINITY, "stateBytesMax takes 1024 to 327680, not Infinity"],
    ["9".repeat(400), `stateBytesMax takes 1024 to 327680, not ${"9".repeat(60)}…`],
    [-4_096, "stateBytesMax takes 1024 to 327680, not -4096"],
    [4_096.5, "stateBytesMax takes a whole number of bytes, not 4096.5"],
    [Number.NaN, "stateBytesMax takes a whole number of bytes, not NaN"],
    ["4k", 'stateBytesMax takes a whole number of bytes, not "4k"'],
    ["4096.0", 'stateBytesMax takes a whole number of bytes, not "4096.0"'],
    ["-4096", 'stateBytesMax takes a whole number of bytes, not "-4096"'],
    ["", 'stateBytesMax takes a whole number of bytes, not ""'],
    [null, "stateBytesMax takes a whole number of bytes, not null"],
    [[4_096], "stateBytesMax takes a whole number of bytes, not a list"],
  ])("is a number of bytes where it is %j: %s", (given, verdict) => {
    expect(verdictOn("purchases", { stateBytesMax: given })).toBe(verdict);
  });

  it.each<[given: unknown, verdict: string]>([
    [0, "partitions takes 1 to 10000, not 0"],
    [1, "fine"],
    [10_000, "fine"],
    [10_001, "partitions takes 1 to 10000, not 10001"],
    ["0", "partitions takes 1 to 10000, not 0"],
    ["10001", "partitions takes 1 to 10000, not 10001"],
    ["many", 'partitions takes a whole number, not "many"'],
  ])("is a number of partitions where it is %j: %s", (given, verdict) => {
    expect(verdictOn("purchases", { partitions: given })).toBe(verdict);
  });

  it.each<[given: unknown, expected: unknown]>([
    ["s3", ["s3"]],
    ["s3,http", ["s3", "http"]],
    ["kafka, s3", ["s3", "kafka"]],
    ["s3,s3", ["s3"]],
    [
      ["kafka", "http"],
      ["http", "kafka"],
    ],
    ["", ['sinks takes s3, http, kafka, not ""']],
    ["s3,", ['sinks takes s3, http, kafka, not ""']],
    ["S3", ['sinks takes s3, http, kafka, not "S3"; did you mean s3?']],
    ["kafak", ['sinks takes s3, http, kafka, not "kafak"; did you mean kafka?']],
    ["views", ['sinks takes s3, http, kafka, not "views"']],
    [
      "s3,ftp,htp,ftp",
      [
        'sinks takes s3, http, kafka, not "ftp"; did you mean http?',
        'sinks takes s3, http, kafka, not "htp"; did you mean http?',
      ],
    ],
    [[], ["sinks takes at least one of s3, http, kafka"]],
    [[["s3"]], ["sinks takes s3, http, kafka, not a list"]],
    [[null], ["sinks takes s3, http, kafka, not null"]],
    [["toString"], ['sinks takes s3, http, kafka, not "toString"']],
    [3, ["sinks takes a list of s3, http, kafka, not 3"]],
    [{ s3: true }, ["sinks takes a list of s3, http, kafka, not an object"]],
  ])("is a list of sinks where it is %j: %j", (given, expected) => {
    const problems = problemsOf(() => readSettings("attribution", { sinks: given }));
    expect(problems.length > 0 ? problems : readSettings("attribution", { sinks: given }).sinks).toEqual(expected);
  });

  it("may be the sink `views` for purchases", () => {
    expect(readSettings("purchases", { sinks: "views,kafka,http,s3" }).sinks).toEqual(["s3", "http", "kafka", "views"]);
  });

  it.each<[given: unknown, isFine: boolean]>([
    ["a", true],
    ["Orders.v2_out-1", true],
    ["t".repeat(249), true],
    ["t".repeat(250), false],
    ["", false],
    [".", false],
    ["..", false],
    ["...", true],
    ["_internal", true],
    ["__consumer_offsets", false],
    ["orders/eu", false],
    ["orders eu", false],
    ["orders\n", false],
    ["bestellungen-für", false],
    [7, false],
    [["orders"], false],
  ])("is the name of a topic where it is %j: %s", (given, isFine) => {
    const verdict = verdictOn("purchases", { outputTopic: given });
    const form =
      /^outputTopic takes the name of a Kafka topic \(letters, digits, dots, hyphens and underscores\), not ./;
    if (isFine) expect(verdict).toBe("fine");
    else expect(verdict).toMatch(form);
  });

  it.each<[PipelineName, outputTopic: string, verdict: string]>([
    [
      "attribution",
      "page_views",
      "outputTopic is page_views, but attribution itself reads page_views; name another topic",
    ],
    [
      "attribution",
      "ad.clicks",
      "outputTopic is ad.clicks, but attribution itself reads ad_clicks, and Kafka doesn't tell . from _; name another topic",
    ],
    [
      "windows",
      "incoming-events",
      "outputTopic is incoming-events, but windows itself reads incoming-events; name another topic",
    ],
    ["windows", "incoming_events", "fine"],
  ])("of %s can't send its results to what it reads: %s", (pipeline, outputTopic, verdict) => {
    expect(verdictOn(pipeline, { outputTopic, sinks: "kafka" })).toBe(verdict);
    expect(verdictOn(pipeline, { outputTopic, sinks: "s3" })).toBe("fine");
  });

  it.each([
    ["allowedlateness", "did you mean allowedLateness?"],
    ["allowed_lateness", "did you mean allowedLateness?"],
    ["alowedLatenes", "did you mean allowedLateness?"],
    [
      "window",
      "known are attributionWindow, allowedLateness, finalInterval, maxFutureSkew, idleTimeout, stateBytesMax, stateRetention, partitions, sinks, outputTopic",
    ],
    ["colour", "known are attributionWindow, "],
    ["toString", "known are attributionWindow, "],
    ["constructor", "known are attributionWindow, "],
    ["__proto__", "known are attributionWindow, "],
    ["", "known are attributionWindow, "],
  ])("is unknown where its name is %j: %s", (name, hint) => {
    const given = Object.defineProperty({}, name, { value: "1m", enumerable: true }) as Record<string, string>;
    expect(verdictOn("attribution", given)).toContain(`attribution has no setting "${name}"; ${hint}`);
  });
});

describe("SettingError", () => {
  const refusalOf = (given: Readonly<Record<string, unknown>>) => {
    try {
      return readSettings("purchases", given);
    } catch (error) {
      return error;
    }
  };

  it("says a single problem as it is", () => {
    expect(refusalOf({ partitions: 0 })).toMatchObject({ message: "partitions takes 1 to 10000, not 0" });
  });

  it("says all problems in one line, each with its number", () => {
    const error = refusalOf({ partitions: 0, allowedLateness: "2m", sinks: [] });
    expect(error).toBeInstanceOf(SettingError);
    expect((error as SettingError).message).toBe(
      '(1) purchases has no setting "allowedLateness"; known are stateBytesMax, partitions, sinks, outputTopic ' +
        "(2) partitions takes 1 to 10000, not 0 (3) sinks takes at least one of s3, http, kafka, views",
    );
  });

  it("survives 130,000 unknown settings and sinks", () => {
    const names = Array.from({ length: 130_000 }, (_, i) => `x${i}`);
    const given = { ...Object.fromEntries(names.map((name) => [name, 1])), sinks: names };
    expect(problemsOf(() => readSettings("purchases", given))).toHaveLength(260_000);
  });
});

describe("the definitions of all settings", () => {
  const groups: Readonly<Record<string, Definitions>> = {
    ...settingDefinitions,
    endpoint: endpointDefinitions,
    kafka: kafkaDefinitions,
  };
  const all = Object.entries(groups).flatMap(([group, definitions]) =>
    Object.entries(definitions).map(([name, definition]) => [`${group}.${name}`, definition] as const),
  );

  it.each(all)("%s: its default lies within its bounds, and its meaning is said", (_, definition) => {
    expect(definition.meaning).not.toBe("");
    if ("min" in definition) {
      expect(definition.min).toBeLessThanOrEqual(definition.default ?? definition.min);
      expect(definition.default ?? definition.max).toBeLessThanOrEqual(definition.max);
    }
    if (definition.kind === "sinks") expect(definition.known).toEqual(expect.arrayContaining([...definition.default]));
  });

  it("call needed only what has no default", () => {
    expect(all.filter(([, { needed, default: value }]) => needed && value !== undefined)).toEqual([]);
  });
});

describe("pipelineNamed", () => {
  it("finds every pipeline by its name", () => {
    expect(pipelineNames.map(pipelineNamed)).toEqual(pipelineNames);
  });

  it.each([
    ["atribution", 'there is no pipeline "atribution"; did you mean attribution?'],
    ["Attribution", 'there is no pipeline "Attribution"; did you mean attribution?'],
    ["window", 'there is no pipeline "window"; did you mean windows?'],
    [
      "sales",
      'there is no pipeline "sales"; known are attribution, conversions, dedupe, windows, engagement, purchases',
    ],
    ["engagements", 'there is no pipeline "engagements"; did you mean engagement?'],
    [
      "constructor",
      'there is no pipeline "constructor"; known are attribution, conversions, dedupe, windows, engagement, purchases',
    ],
    [
      "__proto__",
      'there is no pipeline "__proto__"; known are attribution, conversions, dedupe, windows, engagement, purchases',
    ],
  ])("says of %s: %s", (name, message) => {
    expect(problemsOf(() => pipelineNamed(name))).toEqual([message]);
  });
});
