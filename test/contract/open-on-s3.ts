import { randomUUID } from "node:crypto";
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { S3ObjectStore } from "../../shared/objects/s3-object-store.ts";
import { all, type OpenObjectStore } from "./object-store.contract.ts";

export function s3At(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: process.env.AWS_REGION ?? "us-east-1",
    forcePathStyle: true,
    ...(!process.env.AWS_ACCESS_KEY_ID && { credentials: { accessKeyId: "test", secretAccessKey: "test" } }),
  });
}

/** A store in a bucket of its own, which goes when it is closed. */
export async function openOnS3(client: S3Client): Promise<OpenObjectStore & { readonly bucket: string }> {
  const bucket = `tidemark-contract-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const store = new S3ObjectStore({ client, bucket });
  return { store, bucket, close: () => removeBucket(client, bucket, store) };
}

async function removeBucket(client: S3Client, bucket: string, store: S3ObjectStore): Promise<void> {
  const names = await all(store.list(""));
  for (let at = 0; at < names.length; at += 40) {
    const some = names.slice(at, at + 40);
    await Promise.all(some.map((name) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: name }))));
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  client.destroy();
}
