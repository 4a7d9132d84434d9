import { readFileSync } from "node:fs";
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { functions } from "../../../functions/manifest.ts";
import { everything, withProvisioned } from "./settings.ts";
import { type Resource, resourcesOf, stacksOf } from "./stacks-of.ts";

const whole = stacksOf(everything);
const provisioned = stacksOf(withProvisioned);

const mappingsIn = ({ pipelines }: typeof whole) => resourcesOf(pipelines, "AWS::Lambda::EventSourceMapping");
const kafkaMappings = mappingsIn(whole).filter(({ Properties }) => Properties.Topics);
const streamMappings = mappingsIn(whole).filter(({ Properties }) => !Properties.Topics);

/** Every statement of a policy that goes with a function's role. */
function statementsOf(name: string, { pipelines } = whole) {
  const policies = resourcesOf(pipelines, "AWS::IAM::Policy");
  const policy = policies.find(({ Properties }) => Properties.PolicyName.startsWith(`Policy${name}`));
  if (!policy) throw new Error(`${name} has no policy`);
  // biome-ignore lint/suspicious/noExplicitAny: whatever a template says.
  return policy.Properties.PolicyDocument.Statement as any[];
}

const listed = (one: string | string[]) => (Array.isArray(one) ? one : [one]);
const actionsOf = (name: string, of = whole) =>
  statementsOf(name, of)
    .flatMap(({ Action }) => listed(Action))
    .sort();

describe("what is stored", () => {
  const tables = resourcesOf(whole.state, "AWS::DynamoDB::Table");

  it("are two tables with recovery, protection, expiry, a stream of new versions and the customer's key", () => {
    expect(tables).toHaveLength(2);
    for (const { Properties } of tables) {
      expect(Properties).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
        TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
        StreamSpecification: { StreamViewType: "NEW_IMAGE" },
        SSESpecification: { SSEEnabled: true, SSEType: "KMS" },
      });
      expect(Properties.GlobalSecondaryIndexes).toBeUndefined();
    }
  });

  it("stays when the stack goes", () => {
    const kept = ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"];
    const resources = kept.flatMap((type) => resourcesOf(whole.state, type));
    expect(resources).toHaveLength(6);
    for (const { DeletionPolicy, UpdateReplacePolicy } of resources) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(["Retain", "Retain"]);
    }
  });

  it("is a table of SQL for each dataset that is written, by days that follow from two ends", () => {
    const tables = resourcesOf(whole.state, "AWS::Glue::Table").map(({ Properties }) => Properties.TableInput);
    expect(tables.map(({ Name }) => Name).sort()).toEqual([
      ...["attributed_events", "attributed_page_views", "deduped_events", "events_enriched", "purchases"],
      ...["rejected_events", "user_windows"],
    ]);
    for (const { Name, Parameters, PartitionKeys } of tables) {
      if (Name === "rejected_events") expect(PartitionKeys).toBeUndefined();
      else {
        expect(PartitionKeys).toEqual([{ Name: "dt", Type: "string" }]);
        expect(Parameters).toMatchObject({ "projection.enabled": "true", "projection.dt.type": "date" });
      }
    }
  });

  it("is a table of SQL for no dataset that isn't written", () => {
    const { state } = stacksOf({ pipelines: { purchases: { partitions: 1, sinks: ["views"] } } });
    const names = resourcesOf(state, "AWS::Glue::Table").map(({ Properties }) => Properties.TableInput.Name);
    expect(names).toEqual(["rejected_events"]);
  });
});

describe("topics", () => {
  const topics = (of: typeof whole) =>
    Object.fromEntries(
      resourcesOf(of.cluster, "AWS::MSK::Topic").map(({ Properties }) => [
        Properties.TopicName,
        Properties.PartitionCount,
      ]),
    );

  it("are the sources, the outputs and what the capture needs, and both of attribution have as many partitions", () => {
    expect(topics(whole)).toEqual({
      ...{ ad_clicks: 6, page_views: 6, "raw-events": 4, "incoming-events": 3, purchases: 5 },
      ...{ "dbserver1.public.engagement_events": 2, "dbserver1.public.content": 2 },
      ...{ "attributed-page-views": 6, "attributed-events": 4, "processed-events": 3, "mode-b-aggregates": 3 },
      ...{ "events-enriched": 2, "__debezium-heartbeat.dbserver1": 1 },
    });
  });

  it("keep the last change of each content for ever, and of everything else what is recent", () => {
    const all = resourcesOf(whole.cluster, "AWS::MSK::Topic").map(({ Properties }) => Properties);
    const policies = all.map(({ TopicName, Configs }) => [TopicName, Buffer.from(Configs, "base64").toString()]);
    const compacted = policies.filter(([, policy]) => policy === "cleanup.policy=compact").map(([name]) => name);
    expect(compacted).toEqual(["dbserver1.public.content"]);
    expect(policies.filter(([, policy]) => policy === "cleanup.policy=delete")).toHaveLength(all.length - 1);
  });

  it.each([{ kind: "serverless" }, { createsTopics: false }])("aren't made with %j", (cluster) => {
    expect(topics(stacksOf({ ...everything, cluster }))).toEqual({});
  });
});

describe("a mapping of a topic", () => {
  it("is there once for each topic and function that reads it, with a consumer group of its own, from the oldest record on", () => {
    const shown = kafkaMappings.map(({ Properties: { Topics, AmazonManagedKafkaEventSourceConfig: of, ...rest } }) => [
      of.ConsumerGroupId,
      Topics,
      rest.StartingPosition,
    ]);
    const expected: readonly (readonly [string, string])[] = [
      ["attribution", "ad_clicks"],
      ["attribution", "page_views"],
      ["conversions", "raw-events"],
      ["windows", "incoming-events"],
      ["dedupe", "incoming-events"],
      ["engagement", "dbserver1.public.engagement_events"],
      ["content", "dbserver1.public.content"],
      ["purchases", "purchases"],
      ["clickhouse", "events-enriched"],
      ["redis", "events-enriched"],
    ];
    expect(shown).toEqual(
      expected.map(([name, topic]) => [`tidemark-${name}-${topic}`, [topic], "TRIM_HORIZON"] as const),
    );
  });

  it("with pollers on demand has neither partial batches nor a failure destination, which would end its tries", () => {
    for (const { Properties } of kafkaMappings) {
      expect(Properties.FunctionResponseTypes).toBeUndefined();
      expect(Properties.DestinationConfig).toBeUndefined();
      expect(Properties.ProvisionedPollerConfig).toBeUndefined();
    }
    expect(variablesOf("attribution").BATCH_FAILURES).toBe("throw");
  });

  it("with provisioned pollers shares them, reports partial batches, and leaves what it gives up on in a bucket", () => {
    const mappings = mappingsIn(provisioned).filter(({ Properties }) => Properties.Topics);
    expect(mappings).toHaveLength(kafkaMappings.length);
    for (const { Properties } of mappings) {
      expect(Properties).toMatchObject({
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        MaximumRetryAttempts: 10_000,
        DestinationConfig: { OnFailure: { Destination: expect.anything() } },
        ProvisionedPollerConfig: { MinimumPollers: 1, PollerGroupName: "tidemark" },
      });
    }
    const pollers = mappings.map(({ Properties }) => Properties.ProvisionedPollerConfig.MaximumPollers);
    expect(pollers).toEqual([6, 6, 4, 3, 3, 2, 2, 5, 2, 2]);
    expect(variablesOf("attribution", provisioned).BATCH_FAILURES).toBe("report");
  });

  it("decodes the topics of a registry, and no others", () => {
    const uri = "arn:aws:glue:eu-west-1:123456789012:registry/events";
    const registry = { uri, topics: ["ad_clicks"] };
    const decoding = mappingsIn(stacksOf({ ...withProvisioned, registry })).filter(
      ({ Properties }) => Properties.AmazonManagedKafkaEventSourceConfig?.SchemaRegistryConfig,
    );
    expect(decoding.map(({ Properties }) => Properties.Topics)).toEqual([["ad_clicks"]]);
    expect(decoding[0]?.Properties.AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig).toEqual({
      SchemaRegistryURI: uri,
      EventRecordFormat: "JSON",
      SchemaValidationConfigs: [{ Attribute: "VALUE" }],
    });
  });
});

describe("a mapping of a change stream", () => {
  it("is one of at most two for each table", () => {
    const streams = streamMappings.map(({ Properties }) => JSON.stringify(Properties.EventSourceArn));
    const readers = [...new Set(streams)].map((stream) => streams.filter((one) => one === stream).length);
    expect(readers.sort()).toEqual([1, 2]);
  });

  it("tries until an hour before the stream forgets, and then keeps the payload", () => {
    for (const { Properties } of streamMappings) {
      expect(Properties).toMatchObject({
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        BisectBatchOnFunctionError: true,
        MaximumRecordAgeInSeconds: 82_800,
        MaximumRetryAttempts: -1,
        DestinationConfig: { OnFailure: { Destination: expect.anything() } },
      });
    }
  });

  it("passes versions with outputs to the senders, and rows of partitions to finalize", () => {
    const patterns = streamMappings.map(({ Properties }) => JSON.parse(Properties.FilterCriteria.Filters[0].Pattern));
    const rows = ["attribution", "conversions", "windows", "engagement"].map((name) => ({ prefix: `row|${name}|` }));
    expect(patterns).toEqual([
      { eventName: ["INSERT", "MODIFY"], dynamodb: { Keys: { pk: { S: rows } } } },
      { dynamodb: { NewImage: { outbox: { S: [{ exists: true }] } } } },
      { dynamodb: { NewImage: { outbox: { S: [{ exists: true }] } } } },
    ]);
  });
});

function functionNamed(name: string, { pipelines } = whole): Resource {
  const all = resourcesOf(pipelines, "AWS::Lambda::Function");
  const found = all.find(({ Properties }) => Properties.FunctionName === `tidemark-${name}`);
  if (!found) throw new Error(`there is no function ${name}`);
  return found;
}

function variablesOf(name: string, of = whole): Record<string, unknown> {
  return functionNamed(name, of).Properties.Environment.Variables;
}

describe("a function", () => {
  it.each(functions.map((row) => [row.name, row] as const))(
    "%s has the time and memory of the manifest, its own role and log, and what it needs to know",
    (name, { timeoutSeconds, memoryMb, environment, optionalEnvironment = [] }) => {
      const { Properties } = functionNamed(name);
      expect(Properties).toMatchObject({
        ...{ Timeout: timeoutSeconds, MemorySize: memoryMb, Runtime: "nodejs24.x", Architectures: ["arm64"] },
        ...{ Handler: "index.handler", TracingConfig: { Mode: "Active" } },
        LoggingConfig: { LogFormat: "JSON", LogGroup: expect.anything() },
      });
      expect(Timeout(Properties)).toBeLessThanOrEqual(840);
      const variables = Object.keys(variablesOf(name)).filter(
        (variable) => !["NODE_OPTIONS", "METRICS_NAMESPACE"].includes(variable),
      );
      expect(variables.filter((variable) => !environment.includes(variable))).toEqual([]);
      const needed = environment.filter((variable) => !optionalEnvironment.includes(variable));
      expect(needed.filter((variable) => !variables.includes(variable))).toEqual([]);
    },
  );

  it("that reads topics reserves an instance for each of their partitions, unless it is told not to", () => {
    const reserved = (name: string, of = whole) => functionNamed(name, of).Properties.ReservedConcurrentExecutions;
    expect(reserved("attribution")).toBe(12);
    expect(reserved("conversions")).toBe(4);
    expect(reserved("content")).toBe(2);
    expect(reserved("deliver")).toBeUndefined();
    const modest = stacksOf({ ...everything, functions: { reservesConcurrency: false } });
    expect(reserved("attribution", modest)).toBeUndefined();
  });

  it("stands in the network of the brokers only where it talks to them, or to a database beside them", () => {
    const inside = functions.filter(({ name }) => functionNamed(name).Properties.VpcConfig).map(({ name }) => name);
    expect(inside).toEqual(["publish", "redis", "backfill"]);
    const producing = stacksOf({ ...everything, api: { producesSamples: true } });
    expect(functionNamed("api", producing).Properties.VpcConfig).toBeDefined();
  });

  it("isn't there where no pipeline needs it", () => {
    const { pipelines, edge } = stacksOf({ pipelines: { dedupe: { partitions: 3, sinks: ["s3"] } } });
    const names = resourcesOf(pipelines, "AWS::Lambda::Function").map(({ Properties }) => Properties.FunctionName);
    expect(names).toEqual(["tidemark-dedupe"]);
    expect(edge).toBeUndefined();
  });
});

const Timeout = ({ Timeout }: { Timeout: number }) => Timeout;

describe("a role", () => {
  it("has no managed policy, and no action with a wildcard", () => {
    for (const { Properties } of resourcesOf(whole.pipelines, "AWS::IAM::Role")) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
    }
    const actions = functions.flatMap(({ name }) => actionsOf(name));
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
  });

  const ofTables = (name: string) =>
    actionsOf(name).filter((action) => /^dynamodb:(?!.*(Stream|Shard|Records))/.test(action));
  it("lets each function do to the tables what the manifest says", () => {
    for (const { name, actions } of functions) {
      expect([name, ofTables(name)]).toEqual([name, [...actions.entities, ...actions.progress].sort()]);
    }
  });

  it("lets deliver touch the document of the rate limit, and no other of progress", () => {
    const [statement] = statementsOf("deliver").filter(({ Action }) => listed(Action).includes("dynamodb:PutItem"));
    expect(statement.Condition).toEqual({ "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["rate|endpoint"] } });
  });

  it("lets a function write to the topics of its results alone", () => {
    const [statement] = statementsOf("publish").filter(({ Action }) =>
      listed(Action).includes("kafka-cluster:WriteData"),
    );
    const topics = (statement.Resource as object[]).map((arn) => JSON.stringify(arn).match(/\/([a-z-]+)"\]\]\}$/)?.[1]);
    expect(topics).toEqual([
      ...["attributed-page-views", "attributed-events", "mode-b-aggregates", "processed-events", "events-enriched"],
    ]);
  });

  it("lets nobody read a secret but the functions that need it", () => {
    const readers = functions.filter(({ name }) => actionsOf(name).includes("secretsmanager:GetSecretValue"));
    expect(readers.map(({ name }) => name)).toEqual(["deliver", "clickhouse", "redis", "backfill"]);
    const [ofDeliver] = statementsOf("deliver").filter(({ Action }) => Action === "secretsmanager:GetSecretValue");
    expect(ofDeliver.Resource).toBe(everything.endpoint.secretArn);
  });
});

describe("the API", () => {
  it("answers nobody whom IAM doesn't allow it, throttles, and logs who asked", () => {
    const edge = whole.edge;
    if (!edge) throw new Error("there is no API");
    const [route, ...others] = resourcesOf(edge, "AWS::ApiGatewayV2::Route");
    expect(others).toEqual([]);
    expect(route?.Properties).toMatchObject({ RouteKey: "$default", AuthorizationType: "AWS_IAM" });
    const [stage] = resourcesOf(edge, "AWS::ApiGatewayV2::Stage");
    expect(stage?.Properties.DefaultRouteSettings).toMatchObject({
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 100,
    });
    expect(stage?.Properties.AccessLogSettings.Format).toContain("$context.identity.userArn");
  });
});

describe("cdk.json as it stands", () => {
  it("is a deployment of all six pipelines without anything that nobody has yet", () => {
    const { context } = JSON.parse(readFileSync("cdk.json", "utf8"));
    const { pipelines } = stacksOf(context.tidemark);
    const names = Object.values(Template.fromStack(pipelines).findResources("AWS::Lambda::Function"));
    expect(names.map(({ Properties }) => Properties.FunctionName.replace("tidemark-", ""))).toEqual([
      ...["attribution", "conversions", "windows", "dedupe", "engagement", "content", "purchases"],
      ...["finalize", "publish", "api"],
    ]);
  });
});
