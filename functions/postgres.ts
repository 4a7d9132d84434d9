import { PostgresEventRows } from "../shared/sources/postgres/postgres-event-rows.ts";
import type { Environment } from "./environment.ts";
import { fieldOf, fieldsOf, readSecret, useSecret } from "./secret.ts";

/**
 * The tables of events and contents, from the variable POSTGRES_SECRET_ARN (a secret that holds JSON as Amazon RDS writes it, or a URL), or
 * in a shell from POSTGRES_URL. To be opened once they are found to be right: that reads the secret, and connects to nothing yet.
 */
export function eventRowsOf(environment: Environment): () => Promise<PostgresEventRows> {
  const url = environment.optional("POSTGRES_URL");
  if (url === undefined) {
    const secretArn = environment.text("POSTGRES_SECRET_ARN");
    return async () => {
      const secret = await readSecret(secretArn);
      return useSecret("POSTGRES_SECRET_ARN", () => new PostgresEventRows({ url: databaseUrl(secret) }));
    };
  }
  const rows = environment.read("POSTGRES_URL", () => new PostgresEventRows({ url }));
  // What couldn't be read `check` has refused.
  return async () => rows as PostgresEventRows;
}

/** The URL that a secret holds, or says in parts. @throws {TypeError} a part is missing. */
function databaseUrl(secret: string): string {
  const fields = fieldsOf(secret);
  if (!fields) return secret.trim();
  const [username, password, dbname] = ["username", "password", "dbname"].map((name) =>
    encodeURIComponent(fieldOf(fields, name)),
  );
  const { port = 5432 } = fields;
  if (!/^\d{1,5}$/.test(String(port))) throw new TypeError("its port is no number");
  return `postgres://${username}:${password}@${fieldOf(fields, "host")}:${port}/${dbname}`;
}
