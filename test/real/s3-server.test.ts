import { afterAll, beforeAll } from "vitest";
import { standInPython } from "../../localstack/stand-in/python.ts";
import { type StandIn, startStandIn } from "../../localstack/stand-in/stand-in.ts";
import { objectStoreContract } from "../contract/object-store.contract.ts";
import { openOnS3, s3At } from "../contract/open-on-s3.ts";
import { skippedFor } from "./requirements.ts";

const skip = skippedFor(standInPython()) || undefined;
let standIn: StandIn;

beforeAll(async () => {
  if (skip) return;
  const started = await startStandIn();
  if ("skipped" in started) throw new Error(started.skipped);
  standIn = started;
});
afterAll(() => standIn?.stop());

objectStoreContract({ name: "S3ObjectStore, on an S3 server,", skip, open: () => openOnS3(s3At(standIn.url)) });
