import type { Redis } from "ioredis";
import type { DurationMs } from "../../core/units.ts";
import type { RedisAddress } from "./redis-address.ts";

export interface SessionSettings {
  readonly address: RedisAddress;
  /** Certificate authorities in PEM that are trusted instead of the usual ones. */
  readonly ca?: string | undefined;
  /** How long it may take to connect, TLS and login included. */
  readonly connectTimeout: DurationMs;
}

export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export interface ScriptInput {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** One connection, which is used until it fails once, and never mended. */
export interface RedisSession {
  /** The script's answer. @throws {Error} what the server says, or what became of the connection. */
  run(script: Script, input: ScriptInput): Promise<unknown>;
  /** Cuts the connection. What is under way fails. */
  close(): void;
}

/** @throws {Error} nobody listens, nobody answers in time, or the server doesn't let us in. */
export async function openRedisSession(settings: SessionSettings): Promise<RedisSession> {
  // It takes a cold start some 30 ms.
  const { Redis } = await import("ioredis");
  const { address, ca, connectTimeout } = settings;
  const redis = new Redis({
    ...{ host: address.host, port: address.port, db: address.database },
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: ca === undefined ? {} : { ca } }),
    // No questions before the first command, no queue, no second try, no other connection: whoever holds the session sees to all that.
    ...{ protocol: 2, enableReadyCheck: false, disableClientInfo: true, lazyConnect: true, connectTimeout },
    ...{ enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => null, disconnectTimeout: 0 },
  });
  let reason: Error | undefined;
  redis.on("error", (error: Error) => {
    reason ??= error;
  });
  const timer = setTimeout(() => {
    reason ??= new Error(`no connection within ${connectTimeout} ms`);
    redis.disconnect();
  }, connectTimeout);
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    // It says no more than that the connection is closed.
    throw reason ?? error;
  } finally {
    clearTimeout(timer);
  }
  return {
    run: (script, { keys, args }) => run(redis, script, [keys.length, ...keys, ...args]),
    close: () => redis.disconnect(),
  };
}

async function run(redis: Redis, { text, sha1 }: Script, args: readonly (string | number)[]): Promise<unknown> {
  try {
    return await redis.call("EVALSHA", sha1, ...args);
  } catch (error) {
    // The server was started anew, or its scripts were flushed.
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return redis.call("EVAL", text, ...args);
  }
}
