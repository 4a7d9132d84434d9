import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";

/** The SDK's client for streams would be a dependency of its own, for three requests. DynamoDB Local looks at no signature. */
async function askStreams(endpoint: string, operation: string, body: object): Promise<unknown> {
  const authorization =
    "AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none";
  const target = `DynamoDBStreams_20120810.${operation}`;
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": target, authorization };
  const response = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
  return response.json();
}

interface Description {
  readonly StreamDescription: { readonly Shards: readonly { readonly ShardId: string }[] };
}
interface Page {
  readonly Records: readonly DynamoDBRecord[];
  readonly NextShardIterator?: string;
}

/** Everything that the stream of a table of DynamoDB Local holds, in order within each shard: what Lambda's poller would send. */
export async function changesOf(client: DynamoDBClient, endpoint: string, table: string): Promise<DynamoDBRecord[]> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  const stream = { StreamArn: Table?.LatestStreamArn };
  const { StreamDescription } = (await askStreams(endpoint, "DescribeStream", stream)) as Description;
  const records: DynamoDBRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const from = { ...stream, ShardId, ShardIteratorType: "TRIM_HORIZON" };
    let { ShardIterator } = (await askStreams(endpoint, "GetShardIterator", from)) as { ShardIterator?: string };
    while (ShardIterator) {
      const page = (await askStreams(endpoint, "GetRecords", { ShardIterator })) as Page;
      records.push(...page.Records);
      // A shard that is open has always a next page, and an empty one is its end for now.
      ShardIterator = page.Records.length > 0 ? page.NextShardIterator : undefined;
    }
  }
  return records;
}
