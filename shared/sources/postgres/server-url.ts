import { StreamError } from "../../core/errors.ts";

export interface Server {
  /** With the password: for the driver alone. */
  readonly connectionString: string;
  /** `HOST:PORT/DATABASE`. */
  readonly name: string;
  readonly user: string;
}

const form = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE";
const modes = ["disable", "require", "verify-ca", "verify-full"];

/**
 * The server of a URL of libpq's form. Its `sslmode` means what it means there, with two differences: without one, certificates are
 * verified in full, save on this machine, where none is asked for; and none of those is taken that may fall back to plain text.
 * `sslrootcert=FILE` names the authorities to trust instead of the usual ones, as Amazon RDS needs it.
 *
 * @throws {StreamError} fault `bug`: another URL. The message holds no part of it but host, port and database.
 */
export function readServerUrl(text: string): Server {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "postgres:" && url?.protocol !== "postgresql:") {
    throw new StreamError("bug", `Postgres URL: ${form}`);
  }
  const { searchParams: query } = url;
  const host = query.get("host") ?? url.hostname;
  const name = `${host}:${(query.get("port") ?? url.port) || 5432}${url.pathname}`;
  if (host === "" || url.pathname.length < 2) throw new StreamError("bug", `Postgres URL ${name}: ${form}`);
  const mode = query.get("sslmode") ?? (isThisMachine(host) ? "disable" : "verify-full");
  if (!modes.includes(mode)) {
    throw new StreamError("bug", `Postgres URL ${name}: sslmode is one of ${modes.join(", ")}`);
  }
  query.set("sslmode", mode);
  // Without it the driver takes `require` and `verify-ca` for `verify-full`, and warns that it won't in future.
  query.set("uselibpqcompat", "true");
  return { connectionString: url.href, name, user: query.get("user") ?? decoded(url.username) };
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("/") || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
