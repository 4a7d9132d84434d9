import { handler } from "../../functions/publish/lambda.ts";
import { localContext } from "../../localstack/runner/msk-mapping.ts";
import { streamBatchSize } from "../../localstack/runner/triggers.ts";
import { dynamoDbAt } from "../contract/open-on-dynamodb.ts";
import { changesOf } from "./table-changes.ts";

/**
 * The function `publish` as Lambda loads it, over what the environment names, told of all that a table's stream holds: `endpoint table`.
 * Ends when everything has left.
 */
const [endpoint = "", table = ""] = process.argv.slice(2);
const client = dynamoDbAt(endpoint);
const changes = await changesOf(client, endpoint, table);
const size = streamBatchSize("publish", "entities");
for (let from = 0; from < changes.length; from += size) {
  const { batchItemFailures } = await handler({ Records: changes.slice(from, from + size) }, localContext);
  if (batchItemFailures.length > 0) throw new Error(`not sent: ${JSON.stringify(batchItemFailures)}`);
}
process.exit();
