import { StreamError } from "../shared/core/errors.ts";
import { enrichedEventColumns } from "../shared/pipelines/engagement/engagement.ts";
import type { SettingDefinition } from "../shared/settings/definition.ts";
import { clickhouseDefinitions, redisDefinitions } from "../shared/settings/delivery-definitions.ts";
import { readValue } from "../shared/settings/read-value.ts";
import { ClickHouseStore } from "../shared/sinks/clickhouse/clickhouse-store.ts";
import { serverUrl } from "../shared/sinks/clickhouse/server-url.ts";
import { isLoopback } from "../shared/sinks/http/endpoint-url.ts";
import { redisAddress } from "../shared/sinks/redis/redis-address.ts";
import { RedisStore } from "../shared/sinks/redis/redis-store.ts";
import type { Environment } from "./environment.ts";
import { readLogin, readPassword, readSecret, useSecret } from "./secret.ts";

/**
 * The ClickHouse that takes enriched events, from the variables CLICKHOUSE_URL, CLICKHOUSE_SECRET_ARN (a secret that holds
 * `{"username":…,"password":…}`), CLICKHOUSE_DATABASE and CLICKHOUSE_TABLE. To be opened once they are found to be right: that reads the
 * secret, and connects to nothing yet.
 */
export function clickHouseOf(environment: Environment): () => Promise<ClickHouseStore> {
  const url = environment.text("CLICKHOUSE_URL");
  if (url) environment.read("CLICKHOUSE_URL", () => serverUrl(url, false));
  const secretArn = environment.text("CLICKHOUSE_SECRET_ARN");
  const database = settingOf(environment, "CLICKHOUSE_DATABASE", clickhouseDefinitions.database);
  const table = settingOf(environment, "CLICKHOUSE_TABLE", clickhouseDefinitions.table);
  return async () => {
    const secret = await readSecret(secretArn);
    const login = useSecret("CLICKHOUSE_SECRET_ARN", () => readLogin(secret));
    return new ClickHouseStore({ url, ...login, database, table, columns: enrichedEventColumns });
  };
}

/**
 * The Redis that takes enriched events, from the variables REDIS_URL, REDIS_SECRET_ARN (a secret that holds
 * `{"username":…,"password":…}` or the password alone; may be missing) and REDIS_PREFIX (may be missing). To be opened once they are found
 * to be right: that reads the secret, and connects to nothing yet.
 */
export function redisOf(environment: Environment): () => Promise<RedisStore> {
  const url = environment.text("REDIS_URL");
  const secretArn = environment.optional("REDIS_SECRET_ARN");
  const address = url ? environment.read("REDIS_URL", () => redisAddress({ url, allowPlainTcp: true })) : undefined;
  if (secretArn !== undefined && address && !address.tls && !isLoopback(new URL(url).hostname)) {
    environment.refuse(
      "REDIS_URL is without TLS, and the password of REDIS_SECRET_ARN would go in plain text; use rediss://",
    );
  }
  const isPrefixed = environment.optional("REDIS_PREFIX") !== undefined;
  const prefix = isPrefixed ? settingOf(environment, "REDIS_PREFIX", redisDefinitions.prefix) : "";
  return async () => {
    const settings = { url, prefix, allowPlainTcp: true };
    if (secretArn === undefined) return new RedisStore(settings);
    const secret = await readSecret(secretArn);
    return useSecret("REDIS_SECRET_ARN", () => new RedisStore({ ...settings, ...readPassword(secret) }));
  };
}

/** A variable that holds what a setting of the deployment says. */
function settingOf(environment: Environment, name: string, definition: SettingDefinition): string {
  const text = environment.text(name);
  if (text) environment.read(name, () => refuseWrong(definition, text));
  return text;
}

function refuseWrong(definition: SettingDefinition, text: string): void {
  const reading = readValue(definition, text);
  if (reading.kind === "wrong") throw new StreamError("bug", reading.says.join("; "));
}
