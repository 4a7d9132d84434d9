import { randomUUID } from "node:crypto";
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { DynamoStateStore } from "../../shared/state/dynamo-state-store.ts";
import { fakeDynamo } from "../support/fake-dynamodb.ts";
import { stateStoreContract } from "./state-store.contract.ts";

const tables = { entitiesTable: "entities", progressTable: "progress" };

stateStoreContract({
  name: "DynamoStateStore, on a fake of DynamoDB's wire,",
  open: () => {
    // Small pages, so that the suite's lists and documents take more than one.
    const { client } = fakeDynamo(Object.values(tables), { pageBytes: 2_000, batchGetBytes: 2_000_000 });
    return opened(client, tables, () => {});
  },
});

const endpoint = process.env.TIDEMARK_DYNAMODB_ENDPOINT;

stateStoreContract({
  name: `DynamoStateStore on ${endpoint ?? "a real endpoint"}`,
  skip: endpoint ? undefined : "TIDEMARK_DYNAMODB_ENDPOINT isn't set",
  open: async () => {
    const client = new DynamoDBClient({
      endpoint: endpoint as string,
      region: process.env.AWS_REGION ?? "eu-central-1",
      ...(!process.env.AWS_ACCESS_KEY_ID && { credentials: { accessKeyId: "local", secretAccessKey: "local" } }),
    });
    const run = `tidemark-contract-${randomUUID()}`;
    const names = { entitiesTable: `${run}-entities`, progressTable: `${run}-progress` };
    await Promise.all(Object.values(names).map((name) => createTable(client, name)));
    return opened(client, names, async () => {
      await Promise.all(Object.values(names).map((name) => client.send(new DeleteTableCommand({ TableName: name }))));
      client.destroy();
    });
  },
});

function opened(client: DynamoDBClient, names: typeof tables, close: () => Promise<void> | void) {
  let now = 0;
  const store = new DynamoStateStore({ client, ...names, clock: { now: () => now } });
  const setNow = (ms: number) => {
    now = ms;
  };
  return { store, setNow, close };
}

async function createTable(client: DynamoDBClient, name: string): Promise<void> {
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
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: name });
}
