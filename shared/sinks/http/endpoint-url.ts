import { isIPv4 } from "node:net";
import { StreamError } from "../../core/errors.ts";

/**
 * The endpoint's URL: https, or http to this machine, or any http where `allowPlainHttp` says so.
 *
 * @throws {StreamError} fault `bug`: another URL. The message holds at most its origin: path and query may hold a token.
 */
export function endpointUrl(text: string, allowPlainHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw new StreamError("bug", "endpoint URL: expected https://HOST/PATH");
  }
  if (url.username || url.password) {
    throw new StreamError(
      "bug",
      `endpoint URL ${url.origin}: a user name or password in it is not sent; requests are signed instead`,
    );
  }
  if (url.protocol === "http:" && !allowPlainHttp && !isLoopback(url.hostname)) {
    throw new StreamError(
      "bug",
      `endpoint URL ${url.origin}: plain http is for loopback hosts only; use https, or set allowPlainHttp`,
    );
  }
  return url;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
}
