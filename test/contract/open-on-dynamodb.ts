import { randomUUID } from "node:crypto";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { DynamoStateStore } from "../../shared/state/dynamo-state-store.ts";
import type { OpenStateStore } from "./open-state-store.ts";

export function dynamoDbAt(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: process.env.AWS_REGION ?? "us-east-1",
    ...(!process.env.AWS_ACCESS_KEY_ID && { credentials: { accessKeyId: "test", secretAccessKey: "test" } }),
  });
}

/** A store in two tables of its own, which go when it is closed. */
export async function openOnDynamoDb(endpoint: string): Promise<OpenStateStore> {
  const client = dynamoDbAt(endpoint);
  const run = `tidemark-contract-${randomUUID()}`;
  const names = { entitiesTable: `${run}-entities`, progressTable: `${run}-progress` };
  await Promise.all(Object.values(names).map((name) => createStateTable(client, name)));
  let now = 0;
  const store = new DynamoStateStore({ client, ...names, clock: { now: () => now } });
  const setNow = (ms: number) => {
    now = ms;
  };
  const close = async () => {
    await Promise.all(Object.values(names).map((name) => client.send(new DeleteTableCommand({ TableName: name }))));
    client.destroy();
  };
  return { store, setNow, close };
}

/** A table with the keys that both have. */
export async function createStateTable(
  client: DynamoDBClient,
  name: string,
  more: Partial<CreateTableCommandInput> = {},
): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      ...more,
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: name });
}
