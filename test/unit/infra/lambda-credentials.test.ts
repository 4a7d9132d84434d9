import { beforeEach, describe, expect, it, vi } from "vitest";
import { defaultProvider } from "../../../infra/lambda-credentials.ts";

beforeEach(() => {
  for (const name of ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"]) vi.stubEnv(`AWS_${name}`, undefined);
  return () => vi.unstubAllEnvs();
});

describe("the credentials of a function", () => {
  it("are those of its environment, with the token of its session", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "key");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv("AWS_SESSION_TOKEN", "token");
    expect(await defaultProvider()()).toEqual({ accessKeyId: "key", secretAccessKey: "secret", sessionToken: "token" });
  });

  it("have no token where there is none", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "key");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    expect(await defaultProvider()()).toEqual({ accessKeyId: "key", secretAccessKey: "secret" });
  });

  it.each(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])("are refused where there is nothing but %s", async (name) => {
    vi.stubEnv(name, "something");
    await expect(defaultProvider()()).rejects.toThrow("AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing");
  });
});
