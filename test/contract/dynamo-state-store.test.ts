import { DynamoStateStore } from "../../shared/state/dynamo-state-store.ts";
import { fakeDynamo } from "../support/fake-dynamodb.ts";
import { openOnDynamoDb } from "./open-on-dynamodb.ts";
import { stateStoreContract } from "./state-store.contract.ts";

const tables = { entitiesTable: "entities", progressTable: "progress" };

stateStoreContract({
  name: "DynamoStateStore, on a fake of DynamoDB's wire,",
  open: () => {
    // Small pages, so that the suite's lists and documents take more than one.
    const { client } = fakeDynamo(Object.values(tables), { pageBytes: 2_000, batchGetBytes: 2_000_000 });
    let now = 0;
    const store = new DynamoStateStore({ client, ...tables, clock: { now: () => now } });
    const setNow = (ms: number) => {
      now = ms;
    };
    return { store, setNow, close: () => {} };
  },
});

const endpoint = process.env.TIDEMARK_DYNAMODB_ENDPOINT;

stateStoreContract({
  name: `DynamoStateStore on ${endpoint ?? "a real endpoint"}`,
  skip: endpoint ? undefined : "TIDEMARK_DYNAMODB_ENDPOINT isn't set",
  open: () => openOnDynamoDb(endpoint as string),
});
