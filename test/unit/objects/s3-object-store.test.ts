import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it } from "vitest";
import { S3ObjectStore } from "../../../shared/objects/s3-object-store.ts";
import { fakeS3, s3Error } from "../../support/fake-s3.ts";

const bytes = new TextEncoder().encode("x");

describe("S3ObjectStore, as the wire sees it,", () => {
  let fake: ReturnType<typeof fakeS3>;
  let store: S3ObjectStore;
  let sleeps: number[];

  const storeAt = (bucket: string, prefix?: string) =>
    new S3ObjectStore({
      client: fake.client,
      bucket,
      ...(prefix !== undefined && { prefix }),
      random: () => 1,
      sleep: async (delay) => void sleeps.push(delay),
    });

  beforeEach(() => {
    fake = fakeS3("results", 2);
    sleeps = [];
    store = storeAt("results", "tidemark/v1");
  });

  const puts = () => fake.mock.commandCalls(PutObjectCommand).map(({ args }) => args[0].input);
  const lists = () => fake.mock.commandCalls(ListObjectsV2Command).map(({ args }) => args[0].input);

  it("creates with one put, on the condition that the name is free, below its prefix", async () => {
    await store.create("a/b", bytes);
    expect(puts()).toEqual([{ Bucket: "results", Key: "tidemark/v1/a/b", Body: bytes, IfNoneMatch: "*" }]);
  });

  it("takes a 412 for an answer, and doesn't try again", async () => {
    fake.mock.on(PutObjectCommand).rejects(s3Error(412, "PreconditionFailed"));
    expect(await store.create("a", bytes)).toBe("taken");
    expect(puts()).toHaveLength(1);
  });

  it("tries again after a 409, with the same bytes and condition", async () => {
    fake.mock
      .on(PutObjectCommand)
      .rejectsOnce(s3Error(409, "ConditionalRequestConflict"))
      .rejectsOnce(s3Error(409, "ConditionalRequestConflict"))
      .resolvesOnce({});
    expect(await store.create("a", bytes)).toBe("created");
    expect(puts()).toHaveLength(3);
    expect(puts()[2]).toEqual(puts()[0]);
    expect(sleeps).toEqual([100, 200]);
  });

  it("finds the name taken after a 409, when the other one got through", async () => {
    fake.mock
      .on(PutObjectCommand)
      .rejectsOnce(s3Error(409, "ConditionalRequestConflict"))
      .rejectsOnce(s3Error(412, "PreconditionFailed"));
    expect(await store.create("a", bytes)).toBe("taken");
  });

  it("gives up after six 409s, and says so", async () => {
    fake.mock.on(PutObjectCommand).rejects(s3Error(409, "ConditionalRequestConflict"));
    const creating = store.create("a", bytes);
    await expect(creating).rejects.toThrow("s3://results/tidemark/v1/a: met another creation 6 times in a row");
    await expect(creating).rejects.toMatchObject({ fault: "dependency" });
    expect(puts()).toHaveLength(6);
  });

  it.each([
    [403, "AccessDenied"],
    [404, "NoSuchBucket"],
    [503, "SlowDown"],
  ])("passes a %i on, to whoever creates or reads", async (status, name) => {
    const error = s3Error(status, name);
    fake.mock.on(PutObjectCommand).rejects(error).on(GetObjectCommand).rejects(error);
    await expect(store.create("a", bytes)).rejects.toBe(error);
    await expect(store.read("a")).rejects.toBe(error);
    expect(puts()).toHaveLength(1);
  });

  it.each(["NoSuchKey", "NotFound"])("has no object where S3 answers 404 %s", async (name) => {
    fake.mock.on(GetObjectCommand).rejects(s3Error(404, name));
    expect(await store.read("a")).toBeUndefined();
  });

  it("throws when an object breaks off while it is read", async () => {
    const transformToByteArray = () => Promise.reject(new Error("aborted"));
    fake.mock.on(GetObjectCommand).resolves({ Body: { transformToByteArray } as never });
    await expect(store.read("a")).rejects.toThrow("aborted");
  });

  it("lists below its prefix, page after page, and leaves the prefix off", async () => {
    for (const name of ["a/1", "a/2", "a/3", "a/4", "a/5", "b/1"]) await store.create(name, bytes);
    await storeAt("results").create("a/0", bytes);
    const found: string[] = [];
    for await (const name of store.list("a/")) found.push(name);
    expect(found).toEqual(["a/1", "a/2", "a/3", "a/4", "a/5"]);
    expect(lists()).toEqual([
      { Bucket: "results", Prefix: "tidemark/v1/a/" },
      { Bucket: "results", Prefix: "tidemark/v1/a/", ContinuationToken: expect.any(String) },
      { Bucket: "results", Prefix: "tidemark/v1/a/", ContinuationToken: expect.any(String) },
    ]);
    expect(lists()[1]?.ContinuationToken).not.toBe(lists()[2]?.ContinuationToken);
  });

  it("asks for no further page than its reader wants", async () => {
    for (const name of ["a/1", "a/2", "a/3"]) await store.create(name, bytes);
    for await (const name of store.list("")) {
      expect(name).toBe("a/1");
      break;
    }
    expect(lists()).toHaveLength(1);
  });

  it.each(["/a", "a/", "../a"])("can't lie below %s", (prefix) => {
    expect(() => storeAt("results", prefix)).toThrow("object name");
  });

  it("sends nothing for a bad name", async () => {
    await expect(store.create("../a", bytes)).rejects.toThrow('object name "../a": a part of it is . or ..');
    await expect(store.read("")).rejects.toThrow("it is empty");
    expect(fake.mock.calls()).toHaveLength(0);
  });
});
