import { describe, expect, expectTypeOf, it } from "vitest";
import { type Deployment, pipelinesText, readDeployment, readPipelines } from "../../../shared/settings/deployment.ts";
import { type PipelineName, pipelineNames, readSettings } from "../../../shared/settings/settings.ts";
import { endpointUrl } from "../../../shared/sinks/http/endpoint-url.ts";
import { problemsOf } from "./said-by.ts";

const minute = 60_000;

const endpoint = {
  url: "https://example.com/events?token=hidden",
  secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tidemark-AbCdEf",
};

/** Every pipeline with its defaults. */
const whole = {
  pipelines: {
    attribution: { partitions: 6 },
    conversions: { partitions: 4 },
    dedupe: { partitions: 3 },
    windows: { partitions: 3 },
    purchases: { partitions: 2 },
  },
  endpoint,
};

const problemsIn = (json: unknown) => problemsOf(() => readDeployment(json));
const problemsWith = (pipelines: object) => problemsIn({ pipelines, endpoint });

describe("readDeployment", () => {
  it("reads every pipeline with its defaults, the endpoint and Kafka", () => {
    const withDefaults = (name: PipelineName, partitions: number) => ({ ...readSettings(name, {}), partitions });
    expect(readDeployment(whole)).toStrictEqual({
      pipelines: {
        attribution: withDefaults("attribution", 6),
        conversions: withDefaults("conversions", 4),
        dedupe: withDefaults("dedupe", 3),
        windows: withDefaults("windows", 3),
        purchases: withDefaults("purchases", 2),
      },
      endpoint: { ...endpoint, batchMax: 1, ratePerSecond: undefined, timeout: 2_000, statusErrorIsFailure: false },
      kafka: { brokers: undefined, auth: "iam" },
    });
  });

  it("reads what is given, and leaves out the pipelines and the endpoint that aren't", () => {
    const windows = { partitions: 12, windowSize: "1m", allowedLateness: "PT30S", sinks: ["kafka"], outputTopic: "w" };
    const kafka = { brokers: ["b-1.example.com:9098", "b-2.example.com:9098"], auth: "none" };
    expect(readDeployment({ pipelines: { windows }, kafka })).toStrictEqual({
      pipelines: {
        windows: {
          ...readSettings("windows", {}),
          partitions: 12,
          windowSize: minute,
          allowedLateness: minute / 2,
          sinks: ["kafka"],
          outputTopic: "w",
        },
      },
      kafka,
    });
  });

  it("has the types of what a deployment can't be without", () => {
    // Checked by the compiler, not when this runs.
    type Windows = NonNullable<Deployment["pipelines"]["windows"]>;
    expectTypeOf<Windows["partitions"]>().toEqualTypeOf<number>();
    expectTypeOf<NonNullable<Deployment["endpoint"]>["url"]>().toEqualTypeOf<string>();
  });

  it("says everything that is wrong at once", () => {
    const json = {
      pipelines: {
        attribution: { partitions: "six", allowedLatenes: "2m", attributionWindow: 30, sinks: ["s3", "htpp"] },
        engagements: { partitions: 3 },
        windows: { windowSize: "2d", allowedLateness: "8d" },
      },
      endpont: {},
      kafka: { brokers: ["b-1"], auth: "tls" },
    };
    expect(problemsIn(json)).toEqual([
      'tidemark has no setting "endpont"; did you mean endpoint?',
      'there is no pipeline "engagements"; did you mean engagement?',
      'attribution has no setting "allowedLatenes"; did you mean allowedLateness?',
      "attribution.attributionWindow takes a duration such as 500ms, 90s, 2m, 24h or PT5M, not 30",
      'attribution.partitions takes a whole number, not "six"',
      'attribution.sinks takes s3, http, kafka, not "htpp"; did you mean http?',
      "windows.windowSize takes 1s to 1d, not 2d",
      "windows.allowedLateness takes 0ms to 7d, not 8d",
      "windows.partitions is missing; give the number of partitions of incoming-events",
      'kafka.brokers takes brokers as HOST:PORT, not "b-1"',
      'kafka.auth takes iam or none, not "tls"',
    ]);
  });

  it.each<[json: unknown, problem: string]>([
    [undefined, "tidemark takes an object of pipelines, endpoint, kafka, clickhouse, redis, postgres, not nothing"],
    [null, "tidemark takes an object of pipelines, endpoint, kafka, clickhouse, redis, postgres, not null"],
    ["{}", 'tidemark takes an object of pipelines, endpoint, kafka, clickhouse, redis, postgres, not "{}"'],
    [[], "tidemark takes an object of pipelines, endpoint, kafka, clickhouse, redis, postgres, not a list"],
    [
      {},
      "pipelines takes an object of one or more of attribution, conversions, dedupe, windows, engagement, purchases, not nothing",
    ],
    [
      { pipelines: ["windows"] },
      "pipelines takes an object of one or more of attribution, conversions, dedupe, windows, engagement, purchases, not a list",
    ],
    [
      { pipelines: {} },
      "pipelines is empty; name one or more of attribution, conversions, dedupe, windows, engagement, purchases",
    ],
    [{ pipelines: { engagements: { partitions: 3 } } }, 'there is no pipeline "engagements"; did you mean engagement?'],
    [{ pipelines: { windows: true } }, "windows takes an object of settings, not true"],
    [{ pipelines: { windows: null } }, "windows takes an object of settings, not null"],
    [{ ...whole, endpoint: null }, "endpoint takes an object of settings, not null"],
    [{ ...whole, kafka: null }, "kafka takes an object of settings, not null"],
    [{ ...whole, kafka: [] }, "kafka takes an object of settings, not a list"],
  ])("refuses %j", (json, problem) => {
    expect(problemsIn(json)).toEqual([problem]);
  });

  it.each([
    [
      "in the root",
      '{"__proto__":{"pipelines":{}},"pipelines":{"windows":{"partitions":1}}}',
      'tidemark has no setting "__proto__"; known are pipelines, endpoint, kafka, clickhouse, redis, postgres',
    ],
    [
      "among pipelines",
      '{"pipelines":{"windows":{"partitions":1},"__proto__":{"partitions":1}}}',
      'there is no pipeline "__proto__"; known are attribution, conversions, dedupe, windows, engagement, purchases',
    ],
    [
      "among pipelines",
      '{"pipelines":{"windows":{"partitions":1},"constructor":{}}}',
      'there is no pipeline "constructor"; known are attribution, conversions, dedupe, windows, engagement, purchases',
    ],
    [
      "among settings",
      '{"pipelines":{"purchases":{"partitions":1,"__proto__":{"sinks":["s3"]}}}}',
      'purchases has no setting "__proto__"; known are stateBytesMax, partitions, sinks, outputTopic',
    ],
  ])("takes a name of an object's prototype, %s, for unknown", (_, text, problem) => {
    expect(problemsIn(JSON.parse(text))).toEqual([problem]);
    expect(({} as { sinks?: unknown }).sinks).toBeUndefined();
  });

  it.each([
    ["1e400", "purchases.partitions takes 1 to 10000, not Infinity"],
    ["9007199254740993", "purchases.partitions takes 1 to 10000, not 9007199254740992"],
    ["-1e400", "purchases.partitions takes a whole number, not -Infinity"],
    ["0", "purchases.partitions takes 1 to 10000, not 0"],
    ["1.5", "purchases.partitions takes a whole number, not 1.5"],
  ])("refuses %s partitions", (number, problem) => {
    expect(problemsIn(JSON.parse(`{"pipelines":{"purchases":{"partitions":${number}}}}`))).toEqual([problem]);
  });
});

describe("the partitions of a deployment", () => {
  it.each<[PipelineName, topics: string]>([
    ["attribution", "ad_clicks and page_views"],
    ["conversions", "raw-events"],
    ["dedupe", "incoming-events"],
    ["windows", "incoming-events"],
    ["purchases", "purchases"],
  ])("must be said: %s has those of %s", (pipeline, topics) => {
    expect(problemsWith({ [pipeline]: {} })).toEqual([
      `${pipeline}.partitions is missing; give the number of partitions of ${topics}`,
    ]);
  });

  it("are the same for pipelines that read the same topic", () => {
    expect(problemsWith({ dedupe: { partitions: 6 }, windows: { partitions: 3 } })).toEqual([
      "dedupe.partitions is 6 and windows.partitions is 3, but both read incoming-events; give both the number that it has",
    ]);
    expect(problemsWith({ dedupe: { partitions: 6 }, windows: { partitions: "6" } })).toEqual([]);
    expect(problemsWith({ dedupe: { partitions: 6 }, purchases: { partitions: 3 } })).toEqual([]);
  });
});

describe("the endpoint of a deployment", () => {
  it.each<[pipelines: object, who: string]>([
    [{ attribution: { partitions: 1 } }, "attribution has"],
    [{ attribution: { partitions: 1 }, purchases: { partitions: 1, sinks: "http" } }, "attribution and purchases have"],
    [{ windows: { sinks: ["http"], partitions: 1 } }, "windows has"],
  ])("is needed for the sink http: %j", (pipelines, who) => {
    expect(problemsIn({ pipelines })).toEqual([
      `endpoint is missing, but ${who} the sink http; give endpoint.url and endpoint.secretArn, or other sinks`,
    ]);
  });

  it("is not needed without the sink http", () => {
    expect(problemsIn({ pipelines: { attribution: { partitions: 1, sinks: ["s3", "kafka"] } } })).toEqual([]);
  });

  it("is whole or not there", () => {
    expect(problemsIn({ ...whole, endpoint: {} })).toEqual([
      "endpoint.url is missing; give the https URL that takes the results",
      "endpoint.secretArn is missing; give the ARN of the secret that signs the requests",
    ]);
  });

  it.each<[part: object, problem: string]>([
    [{ ulr: "x" }, 'endpoint has no setting "ulr"; did you mean url?'],
    [{ url: "http://example.com/hidden" }, "endpoint.url takes an https URL such as https://example.com/events"],
    [{ url: "example.com/hidden" }, "endpoint.url takes an https URL such as https://example.com/events"],
    [{ url: "" }, "endpoint.url takes an https URL such as https://example.com/events"],
    [{ url: 443 }, "endpoint.url takes an https URL such as https://example.com/events"],
    [
      { url: "https://user:hidden@example.com/" },
      "endpoint.url takes a URL without user name and password: requests are signed instead",
    ],
    [
      { secretArn: "whsec_hidden" },
      "endpoint.secretArn takes the ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:NAME",
    ],
    [
      { secretArn: "arn:aws:ssm:eu-west-1:123456789012:parameter/hidden" },
      "endpoint.secretArn takes the ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:NAME",
    ],
    [{ batchMax: 0 }, "endpoint.batchMax takes 1 to 1000, not 0"],
    [{ batchMax: 1_001 }, "endpoint.batchMax takes 1 to 1000, not 1001"],
  ])("is refused with %j, and no URL or secret is shown", (part, problem) => {
    const problems = problemsIn({ ...whole, endpoint: { ...endpoint, ...part } });
    expect(problems).toEqual([problem]);
    expect(problems.join()).not.toContain("hidden");
  });

  it.each([
    { batchMax: 1 },
    { batchMax: 1_000 },
    { batchMax: "100" },
    { secretArn: "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a/b-AbCdEf" },
    { url: "https://example.com" },
  ])("takes %j", (part) => {
    expect(problemsIn({ ...whole, endpoint: { ...endpoint, ...part } })).toEqual([]);
  });

  it.each(["https://example.com", "https://localhost:8443/x", "https://[::1]/", "HTTPS://EXAMPLE.COM/a?b#c"])(
    "has no URL that the HTTP sink would refuse: %s",
    (url) => {
      expect(problemsIn({ ...whole, endpoint: { ...endpoint, url } })).toEqual([]);
      expect(endpointUrl(url, false).protocol).toBe("https:");
    },
  );
});

describe("the Kafka cluster of a deployment", () => {
  it.each<[brokers: unknown, expected: unknown]>([
    [["b-1:9092"], ["b-1:9092"]],
    ["b-1.example.com:9098, 10.0.0.1:1", ["b-1.example.com:9098", "10.0.0.1:1"]],
    ["b-1:65535", ["b-1:65535"]],
  ])("has the brokers %j", (brokers, expected) => {
    expect(readDeployment({ ...whole, kafka: { brokers } }).kafka.brokers).toEqual(expected);
  });

  it.each<[brokers: unknown, problems: readonly string[]]>([
    [[], ["kafka.brokers takes a list of brokers, each HOST:PORT"]],
    [9_092, ["kafka.brokers takes a list of brokers, each HOST:PORT"]],
    ["", ['kafka.brokers takes brokers as HOST:PORT, not ""']],
    [
      "b-1:0,b-2:65536",
      [
        'kafka.brokers takes brokers as HOST:PORT, not "b-1:0"',
        'kafka.brokers takes brokers as HOST:PORT, not "b-2:65536"',
      ],
    ],
    [
      ["ssl://b-1:9092", 9_092],
      [
        'kafka.brokers takes brokers as HOST:PORT, not "ssl://b-1:9092"',
        "kafka.brokers takes brokers as HOST:PORT, not 9092",
      ],
    ],
    [["b-1:9092\n"], ['kafka.brokers takes brokers as HOST:PORT, not "b-1:9092\\n"']],
  ])("has not the brokers %j", (brokers, problems) => {
    expect(problemsIn({ ...whole, kafka: { brokers } })).toEqual(problems);
  });
});

describe("output topics of a deployment", () => {
  const kafka = (outputTopic?: string) => ({ partitions: 3, sinks: ["kafka"], ...(outputTopic && { outputTopic }) });

  it("are different by default, and no input", () => {
    expect(problemsWith(Object.fromEntries(pipelineNames.map((name) => [name, kafka()])))).toEqual([]);
  });

  it("are not what the pipeline reads itself", () => {
    expect(problemsWith({ conversions: kafka("raw-events") })).toEqual([
      "conversions.outputTopic is raw-events, but conversions itself reads raw-events; name another topic",
    ]);
  });

  it.each<[pipelines: object, problem: string]>([
    [
      { dedupe: kafka("raw-events"), conversions: kafka() },
      "dedupe.outputTopic is raw-events, but conversions reads raw-events; name another topic",
    ],
    [
      { conversions: kafka(), purchases: kafka("raw-events") },
      "purchases.outputTopic is raw-events, but conversions reads raw-events; name another topic",
    ],
    [
      { attribution: kafka(), purchases: kafka("ad.clicks") },
      "purchases.outputTopic is ad.clicks, but attribution reads ad_clicks, and Kafka doesn't tell . from _; name another topic",
    ],
    [
      { attribution: kafka("out"), windows: kafka("out") },
      "attribution.outputTopic is out and windows.outputTopic is out; give each its own topic",
    ],
    [
      { attribution: kafka("out.a"), windows: kafka("out_a") },
      "attribution.outputTopic is out.a and windows.outputTopic is out_a, and Kafka doesn't tell . from _; give each its own topic",
    ],
  ])("are not another pipeline's output or input: %#", (pipelines, problem) => {
    expect(problemsWith(pipelines)).toEqual([problem]);
  });

  it("don't matter where nothing is sent to them", () => {
    const quiet = { partitions: 3, sinks: ["s3"], outputTopic: "raw-events" };
    expect(problemsWith({ conversions: quiet, dedupe: quiet })).toEqual([]);
  });

  it("may be another pipeline's input where that pipeline isn't deployed", () => {
    expect(problemsWith({ dedupe: kafka("raw-events") })).toEqual([]);
  });
});

describe("retention in a deployment", () => {
  it.each<[retention: string, problems: readonly string[]]>([
    [
      "599999ms",
      [
        "dedupe.dedupeRetention is 599999ms, less than allowedLateness 5m + maxFutureSkew 5m: an id would be forgotten whose event can still come; make it at least 10m",
      ],
    ],
    ["10m", []],
    ["600001ms", []],
  ])("of ids lasts for as long as their events can come: %s", (dedupeRetention, problems) => {
    expect(problemsWith({ dedupe: { partitions: 3, dedupeRetention } })).toEqual(problems);
  });

  const late = { allowedLateness: "1h", maxFutureSkew: "2h", partitions: 3, sinks: ["s3"] };
  it.each<[PipelineName, span: string, length: string, sum: string, tooLong: string]>([
    ["attribution", "attributionWindow", "333h", "attributionWindow 1198800001ms", "1198800001ms"],
    ["conversions", "attributionWindow", "333h", "attributionWindow 1198800001ms", "1198800001ms"],
  ])("of the state of %s lasts for its %s, lateness and skew", (pipeline, span, length, sum, tooLong) => {
    expect(problemsWith({ [pipeline]: { ...late, [span]: length } })).toEqual([]);
    expect(problemsWith({ [pipeline]: { ...late, [span]: tooLong } })).toEqual([
      `${pipeline}.stateRetention is 14d, less than ${sum} + allowedLateness 1h + maxFutureSkew 2h: ` +
        "state would expire that results still depend on; make it at least 1209600001ms",
    ]);
    expect(problemsWith({ [pipeline]: { ...late, [span]: tooLong, stateRetention: "15d" } })).toEqual([]);
  });

  it("of the state of attribution lasts for finalInterval too, where that is longer than the attribution window", () => {
    const settings = { ...late, attributionWindow: "1h", finalInterval: "21h", stateRetention: "1d" };
    expect(problemsWith({ attribution: settings })).toEqual([]);
    expect(problemsWith({ attribution: { ...settings, finalInterval: "22h" } })).toEqual([
      "attribution.stateRetention is 1d, less than finalInterval 22h + allowedLateness 1h + maxFutureSkew 2h: " +
        "state would expire that results still depend on; make it at least 25h",
    ]);
  });

  it("of the state of windows lasts until a window is final", () => {
    const settings = { ...late, windowSize: "21h", stateRetention: "1d" };
    expect(problemsWith({ windows: settings })).toEqual([]);
    expect(problemsWith({ windows: { ...settings, windowSize: "22h" } })).toEqual([
      "windows.stateRetention is 1d, less than windowSize 22h + allowedLateness 1h + maxFutureSkew 2h: " +
        "state would expire that results still depend on; make it at least 25h",
    ]);
  });

  it("is nothing that readSettings looks at: in a replay nothing expires", () => {
    expect(readSettings("dedupe", { dedupeRetention: "1s" }).dedupeRetention).toBe(1_000);
    expect(readSettings("attribution", { attributionWindow: "90d" }).attributionWindow).toBe(90 * 24 * 60 * minute);
  });

  it("is not found too short by a value that could not be read", () => {
    expect(problemsWith({ attribution: { ...late, attributionWindow: "91d" } })).toEqual([
      "attribution.attributionWindow takes 0ms to 90d, not 91d",
    ]);
  });
});

describe("the pipelines of a function", () => {
  it("come through a variable as they were", () => {
    const { pipelines } = readDeployment(whole);
    expect(readPipelines(pipelinesText(pipelines, pipelineNames))).toStrictEqual(pipelines);
  });

  it("are those that it needs, of those that are deployed", () => {
    const { pipelines } = readDeployment({ pipelines: { dedupe: { partitions: 3 }, windows: { partitions: 3 } } });
    const text = pipelinesText(pipelines, ["windows", "purchases"]);
    expect(Object.keys(readPipelines(text))).toEqual(["windows"]);
    expect(JSON.parse(text)).toEqual({
      windows: {
        windowSize: "5m",
        allowedLateness: "10m",
        maxFutureSkew: "5m",
        idleTimeout: "10m",
        stateBytesMax: 262_144,
        stateRetention: "14d",
        partitions: 3,
        sinks: ["s3", "kafka"],
        outputTopic: "mode-b-aggregates",
      },
    });
  });

  it("need no endpoint: that has variables of its own", () => {
    expect(readPipelines('{"attribution":{"partitions":3}}').attribution?.sinks).toEqual(["s3", "http"]);
  });

  it("fit all together into the 4 KB that Lambda has for variables", () => {
    expect(pipelinesText(readDeployment(whole).pipelines, pipelineNames).length).toBeLessThan(2_048);
  });

  it.each<[text: string, problem: string]>([
    ["", 'pipelines are JSON such as {"purchases":{"partitions":3}}, not ""'],
    ["windows", 'pipelines are JSON such as {"purchases":{"partitions":3}}, not "windows"'],
    ["{}", "pipelines is empty; name one or more of attribution, conversions, dedupe, windows, engagement, purchases"],
    [
      "[]",
      "pipelines takes an object of one or more of attribution, conversions, dedupe, windows, engagement, purchases, not a list",
    ],
    ['{"windows":{}}', "windows.partitions is missing; give the number of partitions of incoming-events"],
    [
      '{"dedupe":{"partitions":3},"windows":{"partitions":4}}',
      "dedupe.partitions is 3 and windows.partitions is 4, but both read incoming-events; give both the number that it has",
    ],
  ])("are refused where the text is %s", (text, problem) => {
    expect(problemsOf(() => readPipelines(text))).toEqual([problem]);
  });
});
