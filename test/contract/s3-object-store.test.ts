import { S3ObjectStore } from "../../shared/objects/s3-object-store.ts";
import { fakeS3 } from "../support/fake-s3.ts";
import { objectStoreContract } from "./object-store.contract.ts";
import { openOnS3, s3At } from "./open-on-s3.ts";

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
  open: () => openOnS3(s3At(endpoint as string)),
});
