import { StreamError } from "../../core/errors.ts";
import { isLoopback } from "../http/endpoint-url.ts";

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  /** The number of the database, 0 or more. */
  readonly database: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
}

export interface AddressSettings {
  /** `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, with `rediss` for TLS. User and password are percent-encoded. */
  readonly url: string;
  /** User and password may come apart from the URL, each in one place only. Without a user it is Redis's `default`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Sends events, and the password, to hosts that aren't this machine without encryption. Off by default. */
  readonly allowPlainTcp?: boolean;
}

const form = "expected rediss://HOST[:PORT][/DATABASE]";

/**
 * @throws {StreamError} fault `bug`: a URL that can't be used. The message holds nothing of it: where a password isn't percent-encoded, any
 * part of the URL may belong to the password.
 */
export function redisAddress(settings: AddressSettings): RedisAddress {
  const url = URL.canParse(settings.url) ? new URL(settings.url) : undefined;
  if (url?.protocol !== "redis:" && url?.protocol !== "rediss:") throw wrong(form);
  if (url.hostname === "") throw wrong(`no host is named; ${form}`);
  if (url.search || url.hash) throw wrong(`nothing may follow the database; ${form}`);
  if (!/^(\/\d{0,9})?$/.test(url.pathname)) throw wrong(`the database is no number; ${form}`);
  const tls = url.protocol === "rediss:";
  if (!tls && !settings.allowPlainTcp && !isLoopback(url.hostname)) {
    throw wrong("redis:// is for loopback hosts only; use rediss://, or set allowPlainTcp");
  }
  const username = oneOf("user name", decode(url.username), settings.username);
  const password = oneOf("password", decode(url.password), settings.password);
  if (username && !password) throw wrong("a user name is given and no password");
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6379 : Number(url.port),
    database: Number(url.pathname.slice(1)),
    tls,
    ...(username && { username }),
    ...(password && { password }),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong("the user name or the password is not percent-encoded UTF-8");
  }
}

function oneOf(what: string, inUrl: string, apart: string | undefined): string {
  if (inUrl && apart) throw wrong(`the ${what} is given in the URL and apart from it`);
  return inUrl || apart || "";
}

function wrong(what: string): StreamError {
  return new StreamError("bug", `Redis URL: ${what}`);
}
