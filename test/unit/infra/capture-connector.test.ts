import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type CaptureSettings,
  changeTopics,
  connectorConfig,
  heartbeatTopic,
  type Lookup,
  publicationName,
} from "../../../infra/capture/connector.ts";
import { kafkaConnectFile, kafkaConnectJson } from "../../../infra/capture/kafka-connect.ts";
import { sourceTopics } from "../../../shared/settings/pipeline-definitions.ts";

/** A lookup is text with braces, and no template. */
const password: Lookup = `\${${"env:PASSWORD"}}`;
const settings: CaptureSettings = {
  database: {
    host: "db.example.com",
    port: "5432",
    name: "shop",
    user: "capture",
    password,
    sslMode: "verify-full",
  },
  includeSnapshot: false,
};

/** The columns of a table, as `tables.sql` makes it. */
function columnsOf(table: string): string[] {
  const sql = readFileSync("infra/capture/tables.sql", "utf8");
  const [, body = ""] = new RegExp(`CREATE TABLE IF NOT EXISTS ${table} \\((.*?)\\n\\);`, "s").exec(sql) ?? [];
  return Array.from(body.matchAll(/^ {2}(\w+) /gm), ([, column = ""]) => column);
}

describe("the connector's configuration", () => {
  const config = connectorConfig(settings);

  it("captures into the topics that the pipeline reads, and no others", () => {
    const tables = config["table.include.list"]?.split(",") ?? [];
    const topics = tables.map((table) => `${config["topic.prefix"]}.${table}`);
    expect(topics.toSorted()).toEqual(sourceTopics.engagement.toSorted());
    expect(topics).toEqual(changeTopics);
    expect(heartbeatTopic).toBe(`__debezium-heartbeat.${config["topic.prefix"]}`);
  });

  it("keys events by a column that is the whole key of contents", () => {
    const [table = "", column] = config["message.key.columns"]?.split(":") ?? [];
    expect(columnsOf(table)).toContain(column);
    expect(readFileSync("infra/capture/tables.sql", "utf8")).toMatch(new RegExp(`${column} +bigint PRIMARY KEY`));
  });

  it("leaves out one column of events, by its name in the table", () => {
    const [schema, table, column] = config["column.exclude.list"]?.split(".") ?? [];
    expect(columnsOf(`${schema}.${table}`)).toContain(column);
    expect(columnsOf(`${schema}.${table}`).filter((name) => name !== column)).toEqual([
      "id",
      "content_id",
      "user_id",
      "event_type",
      "event_ts",
      "duration_ms",
      "device",
    ]);
  });

  it("reads the publication that publication.sql makes, and makes none", () => {
    const sql = readFileSync("infra/capture/publication.sql", "utf8");
    expect(config["publication.name"]).toBe(publicationName);
    expect(config["publication.autocreate.mode"]).toBe("disabled");
    expect(sql).toMatch(new RegExp(`CREATE PUBLICATION ${publicationName};`));
    const [, tables] = new RegExp(`ALTER PUBLICATION ${publicationName} SET TABLE (.*);`).exec(sql) ?? [];
    expect(tables?.split(", ")).toEqual(config["table.include.list"]?.split(","));
  });

  it("has the events that are there read only where the snapshot includes them", () => {
    const included = connectorConfig({ ...settings, includeSnapshot: true });
    expect(config["snapshot.include.collection.list"]).toBe("public.content");
    expect(included["snapshot.include.collection.list"]).toBe("public.content,public.engagement_events");
    const differing = Object.keys(included).filter((name) => included[name] !== config[name]);
    expect(differing).toEqual(["snapshot.include.collection.list"]);
  });

  it("stops rather than leaves out a record, and shows none in its log", () => {
    expect(config).toMatchObject({ "errors.tolerance": "none", "errors.log.include.messages": "false" });
  });

  it("is about the database that it is given", () => {
    const ofDatabase = Object.entries(config).filter(([name]) => name.startsWith("database."));
    expect(Object.fromEntries(ofDatabase)).toEqual({
      "database.hostname": "db.example.com",
      "database.port": "5432",
      "database.dbname": "shop",
      "database.user": "capture",
      "database.password": password,
      "database.sslmode": "verify-full",
    });
  });
});

describe("infra/capture/kafka-connect.json", () => {
  const text = readFileSync(kafkaConnectFile, "utf8");

  it("is what the configuration says", () => {
    expect(text, "it is stale; this writes it: npm run reference").toBe(kafkaConnectJson());
  });

  it("holds nothing about a database but names of variables", () => {
    const { config } = JSON.parse(text) as { config: Record<string, string> };
    const ofDatabase = Object.entries(config).filter(([name]) => name.startsWith("database."));
    expect(ofDatabase.length).toBe(6);
    expect(ofDatabase.filter(([, value]) => !/^\$\{env:TIDEMARK_DATABASE_[A-Z]+\}$/.test(value))).toEqual([]);
  });
});
