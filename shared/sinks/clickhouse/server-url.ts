import { StreamError } from "../../core/errors.ts";
import { isLoopback } from "../http/endpoint-url.ts";

/**
 * The URL of a server's HTTP interface: https, or http to this machine, or any http where `allowPlainHttp` says so. A path is that of a
 * proxy before it.
 *
 * @throws {StreamError} fault `bug`: another URL. The message holds at most its origin.
 */
export function serverUrl(text: string, allowPlainHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw new StreamError("bug", "ClickHouse URL: expected https://HOST:PORT");
  }
  const refuse = (why: string) => new StreamError("bug", `ClickHouse URL ${url.origin}: ${why}`);
  if (url.username || url.password) throw refuse("a user name or password in it is not used; they are settings");
  if (url.search || url.hash) throw refuse("a query or fragment in it is not used; database and table are settings");
  if (url.protocol === "http:" && !allowPlainHttp && !isLoopback(url.hostname)) {
    throw refuse("plain http is for loopback hosts only; use https, or set allowPlainHttp");
  }
  return url;
}
