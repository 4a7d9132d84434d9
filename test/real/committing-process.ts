import { DynamoStateStore } from "../../shared/state/dynamo-state-store.ts";
import { dynamoDbAt } from "../contract/open-on-dynamodb.ts";

/**
 * A process that commits to documents which others commit to as well: `endpoint entities progress name commits key...`. It reads, adds one
 * to the body's sum, and tries again with what it lost against, until it has made so many commits to each key. Prints `{key: versions}`.
 */
const [endpoint = "", entitiesTable = "", progressTable = "", name = "", commits = "", ...keys] = process.argv.slice(2);
const client = dynamoDbAt(endpoint);
const store = new DynamoStateStore({ client, entitiesTable, progressTable, clock: { now: () => Date.now() } });

async function commitTo(key: string): Promise<number[]> {
  const versions: number[] = [];
  let before = (await store.entities.read([key])).get(key);
  while (versions.length < Number(commits)) {
    const { sum } = before ? (JSON.parse(before.body) as { sum: number }) : { sum: 0 };
    const version = (before?.version ?? 0) + 1;
    // The body names its writer: two that wrote the same could not tell whose it is.
    const document = { key, version, body: JSON.stringify({ sum: sum + 1, by: name }) };
    const outcome = await store.entities.commit(document);
    if (outcome.kind === "committed") versions.push(version);
    before = outcome.kind === "committed" ? document : outcome.found;
  }
  return versions;
}

const done = await Promise.all(keys.map(async (key) => [key, await commitTo(key)] as const));
process.stdout.write(`${JSON.stringify(Object.fromEntries(done))}\n`);
