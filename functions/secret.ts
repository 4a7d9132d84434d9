import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { StreamError } from "../shared/core/errors.ts";
import { isObject } from "../shared/core/record.ts";

/** Who somebody is, to a server. */
export interface Login {
  readonly username?: string;
  readonly password: string;
}

/** The text of a secret, as it is now. */
export async function readSecret(arn: string): Promise<string> {
  const { SecretString = "" } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: arn }));
  return SecretString;
}

/** What `use` makes of a secret. @throws {StreamError} fault `bug`: it can't be used; names the variable that has its ARN. */
export function useSecret<T>(variable: string, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new StreamError("bug", `environment: the secret of ${variable} can't be used: ${reason}`, { cause });
  }
}

/** The fields of a secret that is a JSON object; `undefined` where it doesn't even begin as one. @throws {TypeError} it is none. */
export function fieldsOf(secret: string): Readonly<Record<string, unknown>> | undefined {
  if (!secret.trimStart().startsWith("{")) return undefined;
  const fields = parsed(secret);
  if (isObject(fields)) return fields;
  throw new TypeError("it begins with { and is no JSON object");
}

/** A field of a secret that is text and not empty. @throws {TypeError} it is missing, or something else. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`it has no ${name}`);
}

/** Reads `{"username":…,"password":…}`. @throws {TypeError} it is something else. */
export function readLogin(secret: string): Required<Login> {
  const fields = fieldsOf(secret);
  if (!fields) throw new TypeError('it is not JSON such as {"username":…,"password":…}');
  return { username: fieldOf(fields, "username"), password: fieldOf(fields, "password") };
}

/** Reads `{"username":…,"password":…}`, where the name may be missing, or a password alone. @throws {TypeError} it is something else. */
export function readPassword(secret: string): Login {
  const fields = fieldsOf(secret);
  if (fields) {
    const username = Object.hasOwn(fields, "username") ? { username: fieldOf(fields, "username") } : {};
    return { ...username, password: fieldOf(fields, "password") };
  }
  // Behind a secret that came out of a file stands a line break.
  const password = secret.replace(/\r?\n$/, "");
  if (password === "") throw new TypeError("it is empty");
  return { password };
}

/** What JSON.parse says would show a part of the secret. */
function parsed(secret: string): unknown {
  try {
    return JSON.parse(secret);
  } catch {
    return undefined;
  }
}
