import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";

/**
 * S3's wire, in memory, with one bucket: conditional puts, gets and lists. Whatever it doesn't know it throws on. `pageSize`: S3's is
 * 1,000; a smaller one makes a test meet the next page sooner.
 */
export function fakeS3(bucket: string, pageSize = 1_000) {
  const client = new S3Client({ region: "eu-central-1" });
  const objects = new Map<string, Uint8Array>();
  const mock = mockClient(client);
  const at = (input: { Bucket?: string | undefined }) => {
    if (input.Bucket !== bucket) fail(404, "NoSuchBucket");
    return objects;
  };
  mock.onAnyCommand().callsFake(() => fail(501, "NotImplemented"));
  mock.on(PutObjectCommand).callsFake(async (input) => put(at(input), input));
  mock.on(GetObjectCommand).callsFake(async (input) => get(at(input), input));
  mock.on(ListObjectsV2Command).callsFake(async (input) => list(at(input), input, pageSize));
  return { client, mock, objects };
}

/** An error as the SDK throws it. */
export function s3Error(status: number, name: string): S3ServiceException {
  return new S3ServiceException({ name, message: name, $fault: "client", $metadata: { httpStatusCode: status } });
}

function put(objects: Map<string, Uint8Array>, input: PutObjectCommandInput) {
  onlyKnows(input, ["Bucket", "Key", "Body", "IfNoneMatch"]);
  if (input.IfNoneMatch !== "*") fail(501, "NotImplemented");
  if (!(input.Body instanceof Uint8Array)) fail(400, "InvalidRequest");
  const key = checkedKey(input.Key);
  if (objects.has(key)) fail(412, "PreconditionFailed");
  objects.set(key, Uint8Array.from(input.Body as Uint8Array));
  return {};
}

function get(objects: Map<string, Uint8Array>, input: GetObjectCommandInput) {
  onlyKnows(input, ["Bucket", "Key"]);
  const found = objects.get(checkedKey(input.Key)) ?? fail(404, "NoSuchKey");
  return { Body: { transformToByteArray: async () => found } as GetObjectCommandOutput["Body"] };
}

function list(objects: Map<string, Uint8Array>, input: ListObjectsV2CommandInput, pageSize: number) {
  onlyKnows(input, ["Bucket", "Prefix", "ContinuationToken"]);
  const after = input.ContinuationToken && Buffer.from(input.ContinuationToken, "base64").toString();
  const names = [...objects.keys()].filter((name) => name.startsWith(input.Prefix ?? "")).sort(order);
  const left = names.filter((name) => !after || order(name, after) > 0);
  const page = left.slice(0, pageSize);
  const isTruncated = page.length < left.length;
  return {
    // A page without objects has no Contents at all.
    ...(page.length > 0 && { Contents: page.map((Key) => ({ Key })) }),
    IsTruncated: isTruncated,
    ...(isTruncated && { NextContinuationToken: Buffer.from(page.at(-1)!).toString("base64") }),
  };
}

function checkedKey(key: string | undefined): string {
  if (!key) return fail(400, "InvalidRequest");
  return Buffer.byteLength(key) > 1_024 ? fail(400, "KeyTooLongError") : key;
}

function onlyKnows(input: object, fields: readonly string[]): void {
  for (const field of Object.keys(input)) if (!fields.includes(field)) fail(501, `NotImplemented: ${field}`);
}

/** S3 sorts names by their UTF-8 bytes. */
function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function fail(status: number, name: string): never {
  throw s3Error(status, name);
}
