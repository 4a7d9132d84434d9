import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisStore, type RedisStoreSettings } from "../../shared/sinks/redis/redis-store.ts";
import { RedisModel } from "../support/redis-model.ts";
import { type RedisServer, type RedisServerOptions, redisServer, skipRedis } from "../support/redis-server.ts";
import { engagement, readViews, timeText } from "../support/redis-views.ts";
import { selfSigned } from "../support/self-signed.ts";

const minute = 60_000;
const accepted = { kind: "accepted" };
const unavailable = (reason: RegExp = /./) => ({ kind: "unavailable", reason: expect.stringMatching(reason) });
/** An hour ahead of the server's clock, so that nothing goes while a test looks. */
const start = Math.floor(Date.now() / minute) * minute + 60 * minute;
const bucketOf = (time: number) => `top:content:bucket:${timeText(time).slice(0, 16).replace(/\D/g, "")}`;
const [bucket, before] = [bucketOf(start), bucketOf(start - minute)];

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await redisServer(options);
  closing.push(() => server.close());
  return server;
}

function storeAt(url: string, settings: Partial<RedisStoreSettings> = {}): RedisStore {
  const store = new RedisStore(
    { url, writeTimeout: 30_000, connectTimeout: 30_000, ...settings },
    { now: () => start },
  );
  closing.push(() => store.close());
  return store;
}

const event = (id: number | string, content: number | string = 1, time = start) =>
  engagement({ event: id, content, time });
const viewsOf = (...outputs: ReturnType<typeof event>[]) => {
  const model = new RedisModel();
  model.write(outputs, start);
  return model.views();
};

describe.skipIf(skipRedis)(`a Redis where something is wrong${skipRedis ? ` (skipped: ${skipRedis})` : ""}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await redisServer();
  });
  beforeEach(() => server.client.flushall());
  afterAll(() => server.close());

  describe("with a key", () => {
    let store: RedisStore;
    beforeEach(() => {
      store = storeAt(server.url);
    });

    const good = event(5_001, 2, start - minute);
    it.each<[string, readonly string[]]>([
      ["content:count:1", ["HSET", "content:count:1", "a", "b"]],
      ["content:count:1", ["SET", "content:count:1", "many"]],
      ["content:count:1", ["SET", "content:count:1", "-1"]],
      ["content:count:1", ["SET", "content:count:1", "9223372036854775807"]],
      ["content:last:1", ["RPUSH", "content:last:1", "x"]],
      [bucket, ["SET", bucket, "x"]],
      [bucket, ["SADD", bucket, "x"]],
      ["event:seen:0", ["ZADD", "event:seen:0", "1", "x"]],
    ])("%s that was made by %j, refuses what needs it, and writes all else", async (key, [command = "", ...args]) => {
      await server.client.call(command, ...args);
      const outcome = await store.write([event(1), good, event(2)]);
      const reason = `${key} holds something else`;
      expect(outcome).toEqual({ kind: "refused", reason, ids: ["engagement:1:1", "engagement:2:1"] });
      const { [key]: planted, ...views } = await readViews(server.client);
      expect(views).toEqual({ ...viewsOf(good) });
      expect(planted).not.toEqual(viewsOf(event(1), event(2))[key] ?? "nothing");
      expect(await server.client.getbit("event:seen:2", 1_001)).toBe(1);

      await server.client.del(key);
      expect(await store.write([event(1), good, event(2)])).toEqual(accepted);
      expect(await readViews(server.client)).toEqual(viewsOf(event(1), good, event(2)));
    });

    it("of several kinds at once, refuses each output once", async () => {
      await server.client.hset("content:count:1", "a", "b");
      await server.client.set("event:seen:1", "");
      await server.client.hset("content:last:3", "a", "b");
      await server.client.lpush("event:seen:x", "y");
      const outcome = await store.write([event(1, 1), event(2_001, 2), event(3, 3), event("x", 1)]);
      const ids = ["engagement:1:1", "engagement:3:1", "engagement:x:1"];
      const reason =
        "event:seen:x holds something else; content:count:1 holds something else; content:last:3 holds something else";
      expect(outcome).toEqual({ kind: "refused", reason, ids });
      expect(await server.client.get("content:count:2")).toBe("1");
    });

    it("among the last ten minutes, leaves that minute out of the top", async () => {
      await server.client.set(before, "x");
      expect(await store.write([event(1)])).toEqual(accepted);
      expect((await readViews(server.client))["top:content:10m"]).toEqual({ 1: 1 });
    });

    it("for each of the last ten minutes, has no top, and writes what is older", async () => {
      for (let i = 0; i < 10; i++) await server.client.set(bucketOf(start - i * minute), "x");
      expect(await store.write([event(1, 1, start - 20 * minute)])).toEqual(accepted);
      const views = await readViews(server.client);
      expect([views["content:count:1"], views["top:content:10m"]]).toEqual(["1", undefined]);
    });

    it.each([
      ["top:content:10m", ["SET", "top:content:10m", "x"]],
      ["top:content:10m", ["RPUSH", "top:content:10m", "x"]],
      ["top:content:10m:minute", ["RPUSH", "top:content:10m:minute", "x"]],
      ["top:content:nothing", ["ZADD", "top:content:nothing", "5", "x"]],
      ["top:content:nothing", ["SET", "top:content:nothing", "x"]],
    ])("%s that was made by %j, replaces it", async (_, [command = "", ...args]) => {
      await server.client.call(command, ...args);
      expect(await store.write([event(1)])).toEqual(accepted);
      expect(await readViews(server.client)).toEqual(viewsOf(event(1)));
    });
  });

  describe("with rights", () => {
    const commands = "bitfield get set zadd zcard zmscore zunionstore pexpire pexpireat del".split(" ");
    const login = { username: "app", password: "s3cret" };
    const storeFor = async (...rules: string[]) => {
      await server.client.call("ACL", "SETUSER", "app", "reset", "on", ">s3cret", ...rules);
      return storeAt(server.url, login);
    };

    it("to these commands and keys, has enough", async () => {
      const keys = ["~content:*", "~event:seen:*", "~top:content:*"];
      const store = await storeFor(...keys, "+evalsha", "+eval", ...commands.map((each) => `+${each}`));
      expect(await store.write([event(1)])).toEqual(accepted);
      expect(await store.write([event(2)])).toEqual(accepted);
      expect(await readViews(server.client)).toEqual(viewsOf(event(1), event(2)));
    });

    it.each(commands)("to all but %s, writes nothing", async (command) => {
      const store = await storeFor("allkeys", "+@all", `-${command}`);
      expect(await store.write([event(1)])).toEqual(unavailable(/permission|can't run this command/i));
      expect(await server.client.dbsize()).toBe(0);
      await server.client.call("ACL", "SETUSER", "app", "+@all");
      expect(await store.write([event(1)])).toEqual(accepted);
    });

    it.each(["content:last:*", "content:count:*", "event:seen:*", "top:*"])(
      "to no keys %s, writes nothing",
      async (keys) => {
        const others = ["content:last:*", "content:count:*", "event:seen:*", "top:*"].filter((each) => each !== keys);
        const store = await storeFor("+@all", ...others.map((each) => `~${each}`));
        expect(await store.write([event(1)])).toEqual(unavailable(/NOPERM|permission/));
        expect(await server.client.dbsize()).toBe(0);
      },
    );

    it("that its password doesn't give it, says so without the password", async () => {
      await storeFor("allkeys", "+@all");
      const outcome = await storeAt(server.url, { ...login, password: "hunter2" }).write([event(1)]);
      expect(outcome).toEqual(unavailable(/WRONGPASS/));
      expect(JSON.stringify(outcome)).not.toContain("hunter2");
    });

    it("for who knows the password, takes it from the URL too", async () => {
      const locked = await serve();
      await locked.client.config("SET", "requirepass", "p@ss/1");
      expect(await storeAt(locked.url).write([event(1)])).toEqual(unavailable(/NOAUTH|unauthenticated/));
      expect(await storeAt(locked.url.replace("//", "//:p%40ss%2F1@")).write([event(1)])).toEqual(accepted);
    });
  });

  describe("with its server", () => {
    it("out of memory, writes nothing until that is over", async () => {
      const server = await serve();
      const store = storeAt(server.url);
      await server.client.config("SET", "maxmemory", "1");
      expect(await store.write([event(1)])).toEqual(unavailable(/OOM/));
      expect(await server.client.dbsize()).toBe(0);
      await server.client.config("SET", "maxmemory", "0");
      expect(await store.write([event(1)])).toEqual(accepted);
    });

    it("a replica by now, writes nothing until it is none", async () => {
      const server = await serve();
      const store = storeAt(server.url);
      await store.write([event(1)]);
      await server.client.replicaof("127.0.0.1", 1);
      expect(await store.write([event(2)])).toEqual(unavailable(/READONLY/));
      await server.client.replicaof("NO", "ONE");
      expect(await readViews(server.client)).toEqual(viewsOf(event(1)));
      expect(await store.write([event(2)])).toEqual(accepted);
    });

    it("part of a cluster, is for keys with a hash tag", async () => {
      const server = await serve({ settings: ["--cluster-enabled", "yes"] });
      const slots = Array.from({ length: 16_384 }, (_, slot) => slot);
      await server.client.call("CLUSTER", "ADDSLOTS", ...slots);
      await eventually(async () => String(await server.client.call("CLUSTER", "INFO"))).toContain("state:ok");
      expect(await storeAt(server.url).write([event(1)])).toEqual(unavailable(/same slot/));
      expect(await storeAt(server.url, { prefix: "{tidemark}:" }).write([event(1, 1), event(2, 2)])).toEqual(accepted);
      expect(await server.client.get("{tidemark}:content:count:2")).toBe("1");
    });

    it("that has forgotten the script, sends it again", async () => {
      const store = storeAt(server.url);
      await store.write([event(1)]);
      await server.client.script("FLUSH");
      expect(await store.write([event(2)])).toEqual(accepted);
      expect(await readViews(server.client)).toEqual(viewsOf(event(1), event(2)));
    });

    it("that has closed the connection, opens another one", async () => {
      const store = storeAt(server.url);
      await store.write([event(1)]);
      await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      expect(await store.write([event(2)])).toEqual(accepted);
    });

    it("behind TLS, is trusted by its authority only", async (context) => {
      const tls = selfSigned();
      if (!tls) return context.skip("there is no openssl to make a certificate with");
      const server = await serve({ tls }).catch(() => undefined);
      if (!server) return context.skip("this server wasn't built with TLS");
      expect(await storeAt(server.url, { ca: tls.cert }).write([event(1)])).toEqual(accepted);
      expect(await storeAt(server.url).write([event(2)])).toEqual(unavailable(/certificate/));
      expect(await storeAt(server.url.replace("rediss", "redis")).write([event(2)])).toEqual(unavailable());
      expect(await readViews(server.client)).toEqual(viewsOf(event(1)));
    });

    it("held up, answers within the time limit, and what it does later counts once", async () => {
      const server = await serve();
      const store = storeAt(server.url, { writeTimeout: 300, connectTimeout: 200 });
      // Loads the client: a first connection may take longer than that.
      await eventually(() => store.write([event(1)])).toEqual(accepted);
      server.signal("SIGSTOP");
      expect(await store.write([event(2)])).toEqual(unavailable(/not done within 300 ms|no connection within 200 ms/));
      expect(await store.write([event(2)])).toEqual(unavailable(/no connection within 200 ms|not done within 300 ms/));
      server.signal("SIGCONT");
      await eventually(() => store.write([event(2)])).toEqual(accepted);
      expect(await readViews(server.client)).toEqual(viewsOf(event(1), event(2)));
    });

    it("held up, answers at once when the signal fires, or the store is closed", async () => {
      const server = await serve();
      const store = storeAt(server.url);
      await store.write([event(1)]);
      server.signal("SIGSTOP");
      const aborting = new AbortController();
      const [aborted, closed] = [store.write([event(2)], aborting.signal), store.write([event(2)])];
      aborting.abort();
      expect(await aborted).toEqual(unavailable(/cut short/));
      store.close();
      expect(await closed).toEqual(unavailable(/cut short|closed/i));
      expect(await store.write([event(2)])).toEqual(unavailable(/cut short/));
      server.signal("SIGCONT");
    });
  });

  it("whose answer is lost, has counted once when it is asked again", async () => {
    const server = await serve();
    const proxy = await losingAnswers(server.port);
    const store = storeAt(`redis://127.0.0.1:${proxy.port}`);
    proxy.lose(1);
    // The connection is a new one, so it isn't asked again at once.
    expect(await store.write([event(1)])).toEqual(unavailable());
    await eventually(() => server.client.get("content:count:1")).toBe("1");
    expect(await store.write([event(1)])).toEqual(accepted);
    // This connection is an old one: the store asks again by itself.
    proxy.lose(1);
    expect(await store.write([event(2)])).toEqual(accepted);
    expect(proxy.lost()).toBe(2);
    expect(await readViews(server.client)).toEqual(viewsOf(event(1), event(2)));
  });

  it.each<[string, readonly string[]]>([
    ["keeps nothing", []],
    ["logs what it does", ["--appendonly", "yes", "--appendfsync", "everysec"]],
  ])(
    "that %s and is killed while it is written to, is right after everything was written again",
    async (_, settings) => {
      const server = await serve({ settings });
      const store = storeAt(server.url);
      const batches = Array.from({ length: 60 }, (_, i) => {
        return Array.from({ length: 20 }, (_, j) => event(i * 20 + j, j % 7, start - (j % 9) * minute));
      });
      for (const delay of [0, 3, 7, 15, 40]) {
        const writing = (async () => {
          for (const batch of batches) if ((await store.write(batch)).kind !== "accepted") return;
        })();
        await new Promise((resolve) => setTimeout(resolve, delay));
        await server.kill();
        await writing;
        expect(await store.write(batches[0] ?? [])).toEqual(unavailable(/ECONNREFUSED/));
        await server.restart();
      }
      for (const batch of batches.toReversed()) expect(await store.write(batch)).toEqual(accepted);
      expect(await readViews(server.client)).toEqual(viewsOf(...batches.flat()));
    },
  );

  it("whose log breaks off anywhere, has whole scripts of it", async () => {
    const server = await serve({ settings: ["--appendonly", "yes"] });
    const store = storeAt(server.url);
    const batches = Array.from({ length: 5 }, (_, i) => [event(2 * i, i), event(2 * i + 1, 1), event(1, 1)]);
    for (const batch of batches) expect(await store.write(batch)).toEqual(accepted);
    await server.kill();
    const file = logOf(server.directory);
    const whole = readFileSync(file);
    // The first may be none.
    const states = [[], ...batches].map((_, count) => viewsOf(...batches.slice(0, count).flat()));
    const seen = new Set<number>();
    for (let bytes = whole.length; bytes > whole.length / 3; bytes -= Math.ceil(whole.length / 12)) {
      writeFileSync(file, whole.subarray(0, bytes));
      await server.restart();
      const found = await readViews(server.client);
      const state = states.findIndex((each) => isDeepStrictEqual(each, found));
      expect(state).toBeGreaterThanOrEqual(0);
      seen.add(state);
      await server.kill();
    }
    expect(seen.size).toBeGreaterThan(2);
  }, 120_000);
});

/** The file that Redis appends to: of several since Redis 7.0. */
function logOf(directory: string): string {
  const files = readdirSync(directory, { recursive: true }).map(String);
  const log = files.find((file) => /(\.incr\.aof|^appendonly\.aof)$/.test(file));
  return join(directory, log ?? "");
}

/** Passes everything on, but loses answers, with their connection, when it is told to. */
async function losingAnswers(port: number) {
  let toLose = 0;
  let lost = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(port, "127.0.0.1");
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.pipe(redis);
    redis.on("data", (answer) => {
      if (toLose === 0 || String(answer).startsWith("-NOSCRIPT")) return void client.write(answer);
      toLose--;
      lost++;
      client.destroy();
      redis.destroy();
    });
    redis.on("close", () => client.destroy());
    client.on("close", () => redis.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address() as { port: number };
  const lose = (answers: number) => {
    toLose = answers;
  };
  return { port: address.port, lose, lost: () => lost };
}
