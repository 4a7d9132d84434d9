import { randomUUID } from "node:crypto";
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { S3ObjectStore } from "../../shared/objects/s3-object-store.ts";
import { fakeS3 } from "../support/fake-s3.ts";
import { all, objectStoreContract } from "./object-store.contract.ts";

objectStoreContract({
  name: "S3ObjectStore, on a fake of S3's wire,",
  open: () => {
    const { client } = fakeS3("results", 7);
    return { store: new S3ObjectStore({ client, bucket: "results" }), close: () => {} };
  },
});

const endpoint = process.env.TIDEMARK_S3_ENDPOINT;

objectStoreContract({
  name: `S3ObjectStore on ${endpoint ?? "a real endpoint"}`,
  skip: endpoint ? undefined : "TIDEMARK_S3_ENDPOINT isn't set",
  open: async () => {
    const client = new S3Client({
      endpoint: endpoint as string,
      region: process.env.AWS_REGION ?? "eu-central-1",
      forcePathStyle: true,
      ...(!process.env.AWS_ACCESS_KEY_ID && { credentials: { accessKeyId: "local", secretAccessKey: "local" } }),
    });
    const bucket = `tidemark-contract-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const store = new S3ObjectStore({ client, bucket });
    return { store, close: () => removeBucket(client, bucket, store) };
  },
});

async function removeBucket(client: S3Client, bucket: string, store: S3ObjectStore): Promise<void> {
  const names = await all(store.list(""));
  for (let at = 0; at < names.length; at += 40) {
    const some = names.slice(at, at + 40);
    await Promise.all(some.map((name) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: name }))));
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  client.destroy();
}
