import { DatabaseError } from "pg";

export interface Failure {
  readonly reason: string;
  /** Whether the same may be answered later: the server restarts, fails over, or is short of something. */
  readonly mayPass: boolean;
}

/**
 * Classes of SQLSTATE that may pass: connections, conflicts (also those of a replica with its primary), lack of resources, locks,
 * cancellations and shutdowns, errors of the system below.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const passing = new Set(["08", "40", "53", "55", "57", "58"]);
const databaseDropped = "57P04";

const passingCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
]);
/** What the driver says without a code, and the session where an answer takes too long. */
const passingTexts =
  /^(Connection terminated|Client has encountered a connection error|timeout expired$|no answer within )/;

const script = "infra/capture/tables.sql";
const checkUser = "check the user and the password in the URL, and pg_hba.conf";
const makeTables = `are the tables those of ${script}?`;

/** What an operator does about errors that stay until somebody does, by SQLSTATE, else by its class. */
const mends: Readonly<Record<string, string>> = {
  "28": checkUser,
  "3D": "check the database in the URL",
  "3F": makeTables,
  "42": makeTables,
  "57014": `is the index engagement_events_by_time of ${script} there?`,
};

const mendsByCode: Readonly<Record<string, string>> = {
  ENOTFOUND: "check the host in the URL",
  ERR_TLS_CERT_ALTNAME_INVALID: "use the name that the certificate has",
};

/** Names `user` where it lacks a right. */
export function failureOf(error: unknown, user: string): Failure {
  const said = messageOf(error);
  if (error instanceof DatabaseError) {
    const code = error.code ?? "";
    const mend = code === "42501" ? grantTo(user) : (mends[code] ?? mends[code.slice(0, 2)]);
    const mayPass = passing.has(code.slice(0, 2)) && code !== databaseDropped;
    return { reason: withMend(`${said} [${code}]`, mend), mayPass };
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const mayPass = passingCodes.has(code) || passingTexts.test(said);
  return { reason: withMend(said, mendsByCode[code] ?? mendOf(code, said)), mayPass };
}

function mendOf(code: string, said: string): string | undefined {
  if (/SELF_SIGNED|UNABLE_TO_/.test(code)) {
    return "sslrootcert=FILE in the URL names the authority to trust; for Amazon RDS that is its global-bundle.pem";
  }
  if (said.includes("does not support SSL")) return "sslmode=disable in the URL does without";
  return said.startsWith("SASL: ") ? checkUser : undefined;
}

function grantTo(user: string): string {
  const role = `"${user.replaceAll('"', '""')}"`;
  return `GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON public.engagement_events, public.content TO ${role}`;
}

/** Node tries all addresses of a host, and then has a message for each, but none for all. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  const said = error instanceof Error ? error.message : String(error);
  return said.replace(/\s+/g, " ").trim();
}

function withMend(said: string, mend: string | undefined): string {
  return mend === undefined ? said : `${said} (${mend})`;
}
