import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateTopicCommand,
  DescribeClusterV2Command,
  DescribeTopicCommand,
  GetBootstrapBrokersCommand,
  KafkaClient,
} from "@aws-sdk/client-kafka";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type TopicsFlags, topicsCommand } from "../../../localstack/cli/topics.ts";
import { UsageError } from "../../../localstack/cli/usage-error.ts";
import { SettingError } from "../../../shared/settings/settings.ts";
import { fakeKafka } from "../../support/fake-kafka.ts";

const folder = mkdtempSync(join(tmpdir(), "topics-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const fileOf = (text: string) => {
  const path = join(folder, `cdk-${files++}.json`);
  writeFileSync(path, text);
  return path;
};
const configOf = (tidemark: unknown) => fileOf(JSON.stringify({ context: { tidemark } }));

const arn = "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/1a2b3c4d-1";
const brokers = "b-1.shop.abc.c2.kafka.eu-west-1.amazonaws.com:9098,b-2.shop.abc.c2.kafka.eu-west-1.amazonaws.com:9098";
const pipelines = {
  dedupe: { partitions: 3, sinks: ["s3"] },
  windows: { partitions: 3, outputTopic: "sums" },
  engagement: { partitions: 2, sinks: ["s3"] },
};
const config = configOf({ pipelines });
const needed = {
  ...{ "incoming-events": 3, "dbserver1.public.engagement_events": 2, "dbserver1.public.content": 2 },
  ...{ sums: 3, "__debezium-heartbeat.dbserver1": 1 },
};

const msk = mockClient(KafkaClient);

/** A cluster with these topics. */
function clusterWith(topics: Readonly<Record<string, number>>, provisioned: object = {}) {
  const info = {
    ...({ ClusterType: "PROVISIONED", ClusterName: "shop", State: "ACTIVE" } as const),
    Provisioned: {
      BrokerNodeGroupInfo: { InstanceType: "express.m7g.large", ClientSubnets: [] },
      NumberOfBrokerNodes: 3,
      ClientAuthentication: { Sasl: { Iam: { Enabled: true } } },
      ...provisioned,
    },
  };
  msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: info });
  msk.on(GetBootstrapBrokersCommand).resolves({ BootstrapBrokerStringSaslIam: brokers });
  msk.on(DescribeTopicCommand).callsFake(({ TopicName }) => {
    if (topics[TopicName] === undefined) throw named("NotFoundException", "no such topic");
    return { TopicName, PartitionCount: topics[TopicName], Status: "ACTIVE" };
  });
  msk.on(CreateTopicCommand).resolves({ Status: "CREATING" });
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

async function run(action: "check" | "create", flags: Partial<TopicsFlags> = {}) {
  const said = { out: [] as string[], err: [] as string[] };
  const io = {
    out: (line: string) => said.out.push(line),
    err: (line: string) => said.err.push(line),
    status: () => {},
  };
  const code = await topicsCommand(action, { cluster: arn, auth: "iam", config, json: false, ...flags }, io);
  return { code, ...said };
}

const created = () => msk.commandCalls(CreateTopicCommand).map(({ args }) => args[0].input);

beforeEach(() => {
  msk.reset();
  msk.onAnyCommand().rejects(new Error("not told what to answer"));
});

describe("tidemark topics check", () => {
  it("shows the cluster, its brokers, and every topic that is as it should be", async () => {
    clusterWith({ ...needed, sums: 4 });
    expect(await run("check")).toEqual({
      code: 0,
      out: [
        "cluster shop: express, ACTIVE, IAM",
        `brokers ${brokers}`,
        "",
        "incoming-events                     source       3 partitions  is there",
        "dbserver1.public.engagement_events  source       2 partitions  is there",
        "dbserver1.public.content            source       2 partitions  is there",
        "sums                                output       3 partitions  is there, with 4",
        "__debezium-heartbeat.dbserver1      internal      1 partition  is there",
      ],
      err: [],
    });
  });

  it("asks MSK in the region of the cluster, for every topic once", async () => {
    clusterWith(needed);
    await run("check");
    const asked = msk.commandCalls(DescribeTopicCommand).map(({ args }) => args[0].input);
    expect(asked).toEqual(Object.keys(needed).map((TopicName) => ({ ClusterArn: arn, TopicName })));
    const [client] = msk.commandCalls(DescribeTopicCommand).map(({ thisValue }) => thisValue as KafkaClient);
    expect(await client?.config.region()).toBe("eu-west-1");
  });

  it("takes the cluster of the settings where none is given", async () => {
    clusterWith(needed);
    const cluster = { kind: "existing", arn, vpcId: "vpc-0123456789abcdef0" };
    const network = { subnetIds: ["subnet-0123456789abcdef0"], securityGroupIds: ["sg-0123456789abcdef0"] };
    const path = configOf({ pipelines, cluster: { ...cluster, ...network } });
    const { cluster: _, ...flags } = { cluster: arn, auth: "iam", config: path, json: false };
    const io = { out: () => {}, err: () => {}, status: () => {} };
    expect(await topicsCommand("check", flags, io)).toBe(0);
  });

  it("names what is missing, and what has another number of partitions, with the mend", async () => {
    clusterWith({
      ...needed,
      "incoming-events": 2,
      "dbserver1.public.content": 3,
      sums: 2,
      "__debezium-heartbeat.dbserver1": 0,
    });
    msk
      .on(DescribeTopicCommand, { ClusterArn: arn, TopicName: "dbserver1.public.engagement_events" })
      .rejects(named("NotFoundException", ""));
    const update = `aws kafka update-topic --cluster-arn ${arn} --topic-name`;
    expect(await run("check")).toMatchObject({
      code: 1,
      err: [
        "tidemark: incoming-events has 2 partitions, and needs 3: set pipelines.dedupe.partitions and pipelines.windows.partitions to 2 " +
          `before the first deployment, or, as long as it has no records, ${update} incoming-events --partition-count 3`,
        "tidemark: dbserver1.public.content has 3 partitions, and needs 2: set pipelines.engagement.partitions to 3 before the first " +
          "deployment; Kafka takes no partitions away",
        `tidemark: sums has 2 partitions, and needs 3: ${update} sums --partition-count 3`,
        `tidemark: __debezium-heartbeat.dbserver1 has 0 partitions, and needs 1: ${update} __debezium-heartbeat.dbserver1 --partition-count 1`,
        "tidemark: missing: dbserver1.public.engagement_events; tidemark topics create makes them, once the others are as they should be",
      ],
    });
  });

  it("prints one line of JSON where it is asked for", async () => {
    clusterWith({ ...needed, sums: 2 });
    const { code, out } = await run("check", {
      json: true,
      config: configOf({ pipelines: { windows: pipelines.windows } }),
    });
    expect(code).toBe(1);
    expect(out.map((line) => JSON.parse(line))).toEqual([
      {
        cluster: {
          ...{ arn, name: "shop", kind: "express", state: "ACTIVE", hasIam: true, brokerCount: 3 },
          brokers: brokers.split(","),
        },
        topics: [
          { name: "incoming-events", partitions: 3, role: "source", cleanup: "delete", found: 3, status: "ok" },
          { name: "sums", partitions: 3, role: "output", cleanup: "delete", found: 2, status: "differs" },
        ],
        problems: [expect.stringMatching(/^sums has 2 partitions/)],
      },
    ]);
  });

  it("counts a topic that is being deleted, and one that the brokers don't know, as missing", async () => {
    clusterWith(needed);
    msk
      .on(DescribeTopicCommand, { ClusterArn: arn, TopicName: "sums" })
      .resolves({ TopicName: "sums", PartitionCount: 3, Status: "DELETING" });
    msk
      .on(DescribeTopicCommand, { ClusterArn: arn, TopicName: "incoming-events" })
      .rejects(named("UnknownTopicOrPartitionException", ""));
    expect((await run("check")).err).toEqual([
      "tidemark: missing: incoming-events, sums; tidemark topics create makes them",
    ]);
  });

  it("shows the brokers that are reached from outside where there are no others, and says where there are none", async () => {
    clusterWith(needed);
    msk.on(GetBootstrapBrokersCommand).resolves({ BootstrapBrokerStringPublicSaslIam: "b-1-public.shop:9198" });
    expect((await run("check")).out[1]).toBe("brokers b-1-public.shop:9198");
    msk.on(GetBootstrapBrokersCommand).resolves({ BootstrapBrokerStringTls: "b-1.shop:9094" });
    expect((await run("check")).err).toEqual([
      "tidemark: the cluster shop names no brokers for SASL/IAM; ask again in a while",
    ]);
  });

  it("says that a cluster isn't active yet, and asks it nothing more", async () => {
    clusterWith(needed);
    msk.on(DescribeClusterV2Command).resolves({
      ClusterInfo: { ClusterType: "PROVISIONED", ClusterName: "shop", State: "CREATING" },
    });
    expect(await run("check")).toEqual({
      code: 1,
      out: ["cluster shop: standard, CREATING, no IAM", "brokers not known", ""],
      err: ["tidemark: the cluster shop is CREATING; wait until it is ACTIVE"],
    });
    expect(msk.calls()).toHaveLength(1);
  });

  it("says that a cluster doesn't take AWS roles", async () => {
    clusterWith(needed, { ClientAuthentication: { Sasl: { Scram: { Enabled: true } } } });
    expect((await run("check")).err).toEqual([
      "tidemark: the cluster shop doesn't take AWS roles; switch SASL/IAM on, which functions come with",
    ]);
  });

  it.each([
    ["ForbiddenException", DescribeClusterV2Command, "kafka:DescribeClusterV2"],
    ["AccessDeniedException", GetBootstrapBrokersCommand, "kafka:GetBootstrapBrokers"],
    [
      "UnauthorizedException",
      DescribeTopicCommand,
      "kafka-cluster:Connect, kafka-cluster:DescribeTopic, kafka-cluster:DescribeTopicDynamicConfiguration",
    ],
  ])("names the permission behind %s of a question", async (error, command, permission) => {
    clusterWith(needed);
    msk.on(command as typeof DescribeTopicCommand).rejects(named(error, "denied"));
    await expect(run("check")).rejects.toThrow(`give your role ${permission} (AWS says: denied)`);
  });

  it.each([
    ["NotFoundException", `can't describe the cluster ${arn}: there is none in that account and region`],
    [
      "CredentialsProviderError",
      "without credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ],
    ["ExpiredTokenException", "AWS doesn't take these credentials (because); log in anew"],
    ["BadRequestException", `can't describe the cluster ${arn}: BadRequestException: because`],
  ])("says what to do about %s", async (error, said) => {
    clusterWith(needed);
    msk.on(DescribeClusterV2Command).rejects(named(error, "because"));
    await expect(run("check")).rejects.toThrow(said);
  });
});

describe("tidemark topics create", () => {
  it("creates what is missing, three copies each, and compacts what holds a table", async () => {
    clusterWith({ "incoming-events": 3, sums: 3 });
    const { code, out, err } = await run("create");
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out.slice(3)).toEqual([
      "incoming-events                     source       3 partitions  is there",
      "dbserver1.public.engagement_events  source       2 partitions  created",
      "dbserver1.public.content            source       2 partitions  created",
      "sums                                output       3 partitions  is there",
      "__debezium-heartbeat.dbserver1      internal      1 partition  created",
    ]);
    const of = (TopicName: string, PartitionCount: number) => {
      return { ClusterArn: arn, TopicName, PartitionCount, ReplicationFactor: 3 };
    };
    const Configs = Buffer.from("cleanup.policy=compact").toString("base64");
    expect(created()).toEqual([
      of("dbserver1.public.engagement_events", 2),
      { ...of("dbserver1.public.content", 2), Configs },
      of("__debezium-heartbeat.dbserver1", 1),
    ]);
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [6, 3],
  ])("on %i brokers makes %i copies", async (NumberOfBrokerNodes, replicas) => {
    clusterWith({}, { NumberOfBrokerNodes });
    await run("create");
    expect(new Set(created().map(({ ReplicationFactor }) => ReplicationFactor))).toEqual(new Set([replicas]));
  });

  it("creates nothing, and grows nothing, where a topic has other partitions than it needs", async () => {
    clusterWith({ "incoming-events": 2 });
    const { code, err } = await run("create");
    expect({ code, created: created(), lines: err.length }).toEqual({ code: 1, created: [], lines: 2 });
  });

  it("creates nothing on a cluster that doesn't take AWS roles", async () => {
    clusterWith({}, { ClientAuthentication: {} });
    expect((await run("create")).code).toBe(1);
    expect(created()).toEqual([]);
  });

  it("takes a topic for there that MSK doesn't show yet", async () => {
    clusterWith({ ...needed, sums: undefined as never });
    msk.on(CreateTopicCommand).rejects(named("TopicExistsException", "it exists"));
    const { code, out } = await run("create");
    expect({ code, line: out.at(-2) }).toEqual({
      code: 0,
      line: "sums                                output       3 partitions  is there by now",
    });
  });

  it("names the permission that is missing", async () => {
    clusterWith({});
    msk.on(CreateTopicCommand).rejects(named("ForbiddenException", "denied"));
    const said =
      "not allowed to create the topic incoming-events: give your role kafka-cluster:Connect, kafka-cluster:CreateTopic";
    await expect(run("create")).rejects.toThrow(said);
  });
});

describe("tidemark topics over Kafka's protocol", () => {
  it("creates at the brokers that are given, without AWS", async () => {
    const kafka = await fakeKafka({ topics: { "incoming-events": 3 }, nodes: 2 });
    const asked = { brokers: kafka.brokers.join(","), auth: "none", config, json: false };
    const io = { out: vi.fn(), err: vi.fn(), status: () => {} };
    expect(await topicsCommand("create", asked, io)).toBe(0);
    const of = (topic: string, partitions: number, configs = {}) => ({ topic, partitions, replicas: 2, configs });
    expect(kafka.created).toEqual([
      of("dbserver1.public.engagement_events", 2),
      of("dbserver1.public.content", 2, { "cleanup.policy": "compact" }),
      of("sums", 3),
      of("__debezium-heartbeat.dbserver1", 1),
    ]);
    expect(await topicsCommand("check", asked, io)).toBe(0);
    expect(io.err).not.toHaveBeenCalled();
    await kafka.close();
  });

  it("is how a serverless cluster is asked: MSK has no topics of it", async () => {
    const kafka = await fakeKafka({ topics: {}, nodes: 1 });
    msk.on(DescribeClusterV2Command).resolves({
      ClusterInfo: {
        ...{ ClusterType: "SERVERLESS", ClusterName: "shop", State: "ACTIVE" },
        Serverless: { VpcConfigs: [], ClientAuthentication: { Sasl: { Iam: { Enabled: true } } } },
      },
    });
    msk.on(GetBootstrapBrokersCommand).resolves({ BootstrapBrokerStringSaslIam: kafka.brokers.join(",") });
    const { code, out, err } = await run("check", { auth: "none" });
    expect({ code, first: out[0], err }).toEqual({
      code: 1,
      first: "cluster shop: serverless, ACTIVE, IAM",
      err: [`tidemark: missing: ${Object.keys(needed).join(", ")}; tidemark topics create makes them`],
    });
    await kafka.close();
  });
});

describe("a use of tidemark topics that can't be", () => {
  const { cluster: _, ...noCluster } = { cluster: arn, auth: "iam", config, json: false };
  const io = { out: () => {}, err: () => {}, status: () => {} };

  it.each<[name: string, flags: Partial<TopicsFlags>, said: string]>([
    ["no cluster", {}, "no cluster to look at: give --cluster ARN or --brokers HOST:PORT"],
    ["an ARN of something else", { cluster: "arn:aws:s3:::shop" }, "--cluster takes the ARN of an MSK cluster"],
    ["brokers without a port", { brokers: "b-1" }, '--brokers takes brokers as HOST:PORT, not "b-1"'],
    ["another kind of authentication", { auth: "scram" }, '--auth takes iam or none, not "scram"'],
    ["no file of settings", { config: join(folder, "none.json") }, "is no readable JSON file"],
    ["a file that is no JSON", { config: fileOf("{") }, "is no readable JSON file"],
    ["a file without settings", { config: fileOf('{"context":{}}') }, "has no settings under context.tidemark"],
  ])("names %s", async (_, flags, said) => {
    const answer = topicsCommand("check", { ...noCluster, ...flags }, io);
    await expect(answer).rejects.toThrow(UsageError);
    await expect(answer).rejects.toThrow(said);
  });

  it("names the settings that are wrong", async () => {
    const path = configOf({ pipelines: { windows: {} } });
    await expect(topicsCommand("check", { ...noCluster, config: path }, io)).rejects.toThrow(SettingError);
  });
});
