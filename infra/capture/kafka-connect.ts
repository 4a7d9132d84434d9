import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { connectorConfig, type Lookup } from "./connector.ts";

/** What a Kafka Connect of one's own takes: `POST /connectors`. */
export const kafkaConnectFile = fileURLToPath(new URL("./kafka-connect.json", import.meta.url));

/**
 * The connector for a Kafka Connect of one's own. All that is about the database comes from the environment of its workers, which they
 * read by Kafka's own `EnvVarConfigProvider`.
 */
export function kafkaConnectJson(): string {
  const config = connectorConfig({
    database: {
      host: variable("HOST"),
      port: variable("PORT"),
      name: variable("NAME"),
      user: variable("USER"),
      password: variable("PASSWORD"),
      sslMode: variable("SSLMODE"),
    },
    includeSnapshot: false,
  });
  return `${JSON.stringify({ name: "tidemark-capture", config }, null, 2)}\n`;
}

function variable(name: string): Lookup {
  return `\${env:TIDEMARK_DATABASE_${name}}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(kafkaConnectFile, kafkaConnectJson());
