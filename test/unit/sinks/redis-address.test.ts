import { describe, expect, it } from "vitest";
import { StreamError } from "../../../shared/core/errors.ts";
import { type AddressSettings, redisAddress } from "../../../shared/sinks/redis/redis-address.ts";

const plain = { host: "127.0.0.1", port: 6379, database: 0, tls: false };

describe("the URL of a Redis", () => {
  it.each<[string, object]>([
    ["redis://127.0.0.1", plain],
    ["redis://127.0.0.1/", plain],
    ["redis://127.0.0.1:7000/3", { ...plain, port: 7_000, database: 3 }],
    ["redis://localhost", { ...plain, host: "localhost" }],
    ["redis://[::1]:7000", { ...plain, host: "::1", port: 7_000 }],
    ["rediss://cache.example", { ...plain, host: "cache.example", tls: true }],
    [
      "rediss://:s3cret@cache.example:6380",
      { ...plain, host: "cache.example", port: 6_380, tls: true, password: "s3cret" },
    ],
    ["redis://app:s%40c%2Fr%C3%A9t@127.0.0.1", { ...plain, username: "app", password: "s@c/rét" }],
  ])("%s is read", (url, address) => {
    expect(redisAddress({ url })).toEqual(address);
  });

  it("takes user and password apart from it", () => {
    expect(redisAddress({ url: "redis://127.0.0.1", username: "app", password: "s3cret" })).toEqual({
      ...plain,
      username: "app",
      password: "s3cret",
    });
    expect(redisAddress({ url: "redis://app@127.0.0.1", password: "s3cret" })).toEqual({
      ...plain,
      username: "app",
      password: "s3cret",
    });
  });

  it("goes to another machine without encryption where that is allowed", () => {
    const url = "redis://cache.example";
    expect(redisAddress({ url, allowPlainTcp: true })).toEqual({ ...plain, host: "cache.example" });
  });

  const secret = "hunter2";
  it.each<[string, AddressSettings, RegExp]>([
    ["no URL", { url: `${secret}` }, /expected rediss:\/\/HOST/],
    ["another protocol", { url: `https://app:${secret}@cache.example` }, /expected rediss:\/\/HOST/],
    ["no host", { url: `redis://:${secret}@` }, /expected rediss:\/\/HOST|no host/],
    ["only a path", { url: `redis:${secret}` }, /no host/],
    ["a password with a slash", { url: `redis://app:${secret}/1@cache.example` }, /expected rediss:\/\/HOST/],
    ["a password with digits and a slash", { url: "redis://app:12/hunter2@cache.example" }, /database is no number/],
    ["a password with a question mark", { url: `redis://app:1?${secret}@cache.example` }, /nothing may follow/],
    ["a password with a percent sign", { url: `redis://app:%${secret}@127.0.0.1` }, /percent-encoded/],
    ["a database that is no number", { url: `rediss://:${secret}@cache.example/one` }, /database is no number/],
    ["a query", { url: `rediss://:${secret}@cache.example/1?tls=no` }, /nothing may follow/],
    ["a fragment", { url: `rediss://:${secret}@cache.example#x` }, /nothing may follow/],
    ["another machine without encryption", { url: `redis://:${secret}@cache.example` }, /loopback hosts only/],
    ["two passwords", { url: `redis://:${secret}@127.0.0.1`, password: secret }, /password is given in the URL and/],
    ["two users", { url: `redis://a:${secret}@127.0.0.1`, username: "b" }, /user name is given in the URL and/],
    ["a user without a password", { url: "redis://app@127.0.0.1" }, /no password/],
  ])("is refused where it has %s, and nobody is told the password", (_, settings, says) => {
    const refusal = errorOf(() => redisAddress(settings));
    expect(refusal).toBeInstanceOf(StreamError);
    expect(refusal).toMatchObject({ fault: "bug", message: expect.stringMatching(says) });
    expect(`${refusal} ${(refusal as Error).stack}`).not.toContain(secret);
  });
});

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
