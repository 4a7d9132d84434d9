import { request } from "node:http";
import { type StandIn, standInRegion } from "./stand-in.ts";

/** What is asked of the stand-in beside what the CDK does. It looks at who asks, and at no signature. */
export type Aws = Pick<StandIn, "url">;

/** Sends a request to a service as root. @throws {Error} the answer is an error; says which. */
async function ask({ url }: Aws, service: string, path: string, request: RequestInit = {}): Promise<Response> {
  const scope = `test/20240101/${standInRegion}/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  const response = await fetch(`${url}${path}`, { ...request, headers: { ...request.headers, authorization } });
  if (response.ok) return response;
  throw new Error(`${service} ${path}: ${response.status} ${await response.text()}`);
}

async function askJson(aws: Aws, service: string, target: string, body: object): Promise<Record<string, unknown>> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": target };
  const response = await ask(aws, service, "/", { method: "POST", headers, body: JSON.stringify(body) });
  return (await response.json()) as Record<string, unknown>;
}

/** @returns the secret's ARN. */
export async function createSecret(aws: Aws, name: string, text: string): Promise<string> {
  const body = { Name: name, SecretString: text, ClientRequestToken: name.padEnd(32, "-") };
  const { ARN } = await askJson(aws, "secretsmanager", "secretsmanager.CreateSecret", body);
  return ARN as string;
}

export type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** All items of a table. */
export async function itemsOf(aws: Aws, table: string): Promise<Item[]> {
  const items: Item[] = [];
  let next: unknown;
  do {
    const body = { TableName: table, ...(next ? { ExclusiveStartKey: next } : {}) };
    const page = await askJson(aws, "dynamodb", "DynamoDB_20120810.Scan", body);
    items.push(...(page.Items as Item[]));
    next = page.LastEvaluatedKey;
  } while (next);
  return items;
}

/** The keys of all objects of a bucket. */
export async function objectsOf(aws: Aws, bucket: string): Promise<string[]> {
  const keys: string[] = [];
  let next = "";
  do {
    const page = await (await ask(aws, "s3", `/${bucket}?list-type=2${next}`)).text();
    keys.push(...Array.from(page.matchAll(/<Key>([^<]*)<\/Key>/g), ([, key = ""]) => key.replaceAll("&amp;", "&")));
    const [, token] = /<NextContinuationToken>([^<]*)</.exec(page) ?? [];
    next = token ? `&continuation-token=${encodeURIComponent(token)}` : "";
  } while (next);
  return keys;
}

export async function objectBytes(aws: Aws, bucket: string, key: string): Promise<Buffer> {
  const path = key.split("/").map(encodeURIComponent).join("/");
  return Buffer.from(await (await ask(aws, "s3", `/${bucket}/${path}`)).arrayBuffer());
}

/** The variables of a deployed function. */
export async function functionVariables(aws: Aws, name: string): Promise<Readonly<Record<string, string>>> {
  const response = await ask(aws, "lambda", `/2015-03-31/functions/${name}/configuration`);
  return ((await response.json()) as { Environment: { Variables: Record<string, string> } }).Environment.Variables;
}

export interface EventSourceMapping {
  readonly UUID: string;
  readonly FunctionArn: string;
  readonly EventSourceArn: string;
  readonly Topics?: readonly string[];
  readonly BatchSize: number;
  readonly AmazonManagedKafkaEventSourceConfig?: { readonly ConsumerGroupId: string };
}

export async function eventSourceMappings(aws: Aws): Promise<readonly EventSourceMapping[]> {
  const response = await ask(aws, "lambda", "/2015-03-31/event-source-mappings/?MaxItems=1000");
  return ((await response.json()) as { EventSourceMappings: EventSourceMapping[] }).EventSourceMappings;
}

export interface DeployedTopic {
  readonly name: string;
  readonly partitions: number;
}

/** The topics of all clusters. */
export async function deployedTopics(aws: Aws): Promise<DeployedTopic[]> {
  const { clusterInfoList } = await askKafka<{ clusterInfoList: { clusterArn: string }[] }>(aws, "/v1/clusters");
  const lists = clusterInfoList.map(({ clusterArn }) =>
    askKafka<{ topics: { topicName: string; partitionCount: number }[] }>(aws, `/v1/clusters/${clusterArn}/topics`),
  );
  const topics = (await Promise.all(lists)).flatMap(({ topics }) => topics);
  return topics.map(({ topicName: name, partitionCount: partitions }) => ({ name, partitions }));
}

async function askKafka<T>(aws: Aws, path: string): Promise<T> {
  return (await (await ask(aws, "kafka", path)).json()) as T;
}

/** @throws {Error} the function fails; says its error. */
export async function invokeFunction(aws: Aws, name: string, event: unknown): Promise<unknown> {
  const request = { method: "POST", body: JSON.stringify(event) };
  const response = await ask(aws, "lambda", `/2015-03-31/functions/${name}/invocations`, request);
  const text = await response.text();
  if (response.headers.has("x-amz-function-error")) throw new Error(`${name}: ${text}`);
  return JSON.parse(text);
}

/** Asks a deployed HTTP API, as root or as nobody. Its address is a name that not every machine can resolve. */
export function askApi({ url }: Aws, apiUrl: string, path: string, as: "root" | "nobody"): Promise<ApiAnswer> {
  const scope = `test/20240101/${standInRegion}/execute-api/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  const headers = { host: new URL(apiUrl).host, ...(as === "root" && { authorization }) };
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
  request(`${url}${path}`, { headers }, async (response) => {
    const chunks = await Array.fromAsync(response);
    resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
  })
    .on("error", reject)
    .end();
  return promise;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}
