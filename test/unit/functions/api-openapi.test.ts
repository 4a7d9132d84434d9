import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { openApiReference, openApiText } from "../../../localstack/reference/openapi-reference.ts";
import { enrichedEventColumns } from "../../../shared/pipelines/engagement/engagement.ts";
import { desk, jsonHeaders, request } from "./api-requests.ts";

interface Described {
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: { $ref: string } }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const document = JSON.parse(readFileSync(openApiReference, "utf8")) as Document;

/** Reads by the document's own JSON Schema, not by the schema that it was made of. */
function readerOf(schema: object) {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
}

function contentReader(path: string, method: string, status: number, type: string) {
  const reference = document.paths[path]?.[method]?.responses[status]?.content[type]?.schema.$ref ?? "";
  return readerOf(document.components.schemas[reference.replace("#/components/schemas/", "")]!);
}

describe("docs/reference/openapi.json", () => {
  it("is fresh; `npm run reference` writes it", () => {
    expect(readFileSync(openApiReference, "utf8")).toBe(openApiText());
  });

  it("is what GET /openapi.json answers", async () => {
    expect(await desk().ask(request("GET", "/openapi.json"))).toEqual({
      status: 200,
      headers: jsonHeaders,
      body: document,
    });
  });

  it("is OpenAPI 3.1, and has every path with its one method", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item)])).toEqual([
      ["/generate/{count}/{id}", ["post"]],
      ["/duplicate/{count}/{id}", ["post"]],
      ["/total/{id}", ["get"]],
      ["/history/{id}", ["get"]],
      ["/content/{id}/last", ["get"]],
      ["/content/{id}/count", ["get"]],
      ["/content/{id}/minutes", ["get"]],
      ["/content/top", ["get"]],
    ]);
  });

  it("names the parameters of each path, and no reference leads nowhere", () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const inPath = Object.values(item).flatMap(({ parameters }) => parameters.filter((one) => one.in === "path"));
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set(references)].sort()).toEqual(known.sort());
  });

  it.each([
    ["/generate/{count}/{id}", "post", "count", [1, 1_000], [0, 1_001, 1.5, "1", null]],
    ["/duplicate/{count}/{id}", "post", "count", [1, 1_000], [0, 1_001, 1.5]],
    ["/history/{id}", "get", "limit", [1, 100], [0, 101, 1.5, "5"]],
    ["/content/top", "get", "minutes", [1, 15], [0, 16, 1.5, "5", null]],
    ["/content/top", "get", "limit", [1, 1_000], [0, 1_001, 1.5, "5"]],
    ["/content/{id}/last", "get", "id", ["1", "a/b", "x".repeat(1_024)], ["", "a?", "x".repeat(1_025), 5]],
    ["/total/{id}", "get", "id", ["a", "a/b", "x".repeat(1_024)], ["", "a?", "x".repeat(1_025), 5]],
  ])("bounds at %s %s the parameter %s as the API does", (path, method, name, good, bad) => {
    const { schema } = document.paths[path]![method]!.parameters.find((one) => one.name === name)!;
    const reader = readerOf(schema);
    expect(good.filter((value) => !reader.safeParse(value).success)).toEqual([]);
    expect(bad.filter((value) => reader.safeParse(value).success)).toEqual([]);
  });
});

describe("the answers", () => {
  const purchase = { purchaseId: "p", productName: "Laptop", productType: "Electronics", quantity: 2 };
  const entry = { ...purchase, value: "50.00", total: "100.00", timestamp: "2024-01-01T12:10:00Z" };
  const happy = { history: async () => ({ count: 1, purchases: [entry], next: "b" }) };
  const engaging = {
    last: {
      ...{ event_id: 16, content_id: "9007199254740993", user_id: "user_1", event_type: "play" },
      ...{ event_ts: "2024-01-01T12:10:00Z", duration_ms: 7_000, device: null, content_type: "video" },
      ...{ length_seconds: 300, engagement_seconds: 7, engagement_pct: 0.02, revision: 1 },
    },
    count: 1,
    minutes: [{ minute: "202401011200", count: 1 }],
  };
  /** What an answer may leave out. */
  const optional = ["next"];
  const unhappy = {
    outcome: { kind: "unavailable", reason: "down" },
    total: async () => Promise.reject(new Error("down")),
    history: async () => undefined,
  } as const;

  beforeEach(() => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    return () => vi.restoreAllMocks();
  });

  it.each([
    ["/generate/{count}/{id}", "POST", "/generate/2/u"],
    ["/duplicate/{count}/{id}", "POST", "/duplicate/2/u"],
    ["/total/{id}", "GET", "/total/u"],
    ["/history/{id}", "GET", "/history/u"],
    ["/content/{id}/last", "GET", "/content/1/last"],
    ["/content/{id}/last", "GET", "/content/2/last"],
    ["/content/{id}/count", "GET", "/content/1/count"],
    ["/content/{id}/minutes", "GET", "/content/1/minutes"],
    ["/content/top", "GET", "/content/top"],
  ])("of %s are as the document says, and it would tell if they weren't", async (path, method, asked) => {
    const { ask, contents } = desk(happy);
    contents.held.set("1", engaging);
    contents.ranked = [{ contentId: "1", count: 1 }];
    const { body } = await ask(request(method, asked));
    const reader = contentReader(path, method.toLowerCase(), 200, "application/json");
    expect(reader.safeParse(body)).toEqual({ success: true, data: body });
    expect(reader.safeParse({ ...body, another: 1 }).success).toBe(false);
    for (const [name, value] of Object.entries(body!)) {
      expect([name, reader.safeParse({ ...body, [name]: value === null ? {} : [value] }).success]).toEqual([
        name,
        false,
      ]);
      const { [name]: _, ...without } = body!;
      expect([name, reader.safeParse(without).success]).toEqual([name, optional.includes(name)]);
    }
  });

  it.each([
    ["event_id", [1, -1, "9007199254740993", "-9223372036854775808"], [1.5, "", "1.0", "x", null]],
    ["event_ts", ["2024-01-01T12:10:00Z", "2024-01-01T12:10:00.250Z"], ["2024-01-01", 1_704_111_000_000, null]],
    ["duration_ms", [0, 7_000, null], [0.5, "7000"]],
    ["device", ["ios", "", null], [1]],
    ["content_type", ["video", null], [1]],
    ["length_seconds", [0, 300, null], ["300", 0.5]],
    ["engagement_seconds", [7, 0.5, -0.25, null], ["7"]],
    ["engagement_pct", [0.02, 0, 1.5, null], ["0.02"]],
    ["revision", [1, 2], [0, 1.5, null]],
  ])("about the last event have as %s what its column has", (name, good, bad) => {
    const reader = contentReader("/content/{id}/last", "get", 200, "application/json");
    const read = (value: unknown) =>
      reader.safeParse({ contentId: "1", last: { ...engaging.last, [name]: value } }).success;
    expect(good.filter((value) => !read(value))).toEqual([]);
    expect([...bad, undefined].filter(read)).toEqual([]);
  });

  it("about the last event have all columns of the pipeline, and null where those may be", () => {
    const { properties, required } = (
      document.components.schemas.LastEvent as {
        properties: { last: { anyOf: [{ properties: Record<string, object>; required: string[] }] } };
      }
    ).properties.last.anyOf[0];
    const isNullable = (schema: object) => readerOf(schema).safeParse(null).success;
    expect(Object.entries(properties).map(([name, schema]) => [name, isNullable(schema)])).toEqual(
      enrichedEventColumns.map(({ name, nullable }) => [name, nullable]),
    );
    expect(required).toEqual(enrichedEventColumns.map(({ name }) => name));
  });

  it("about minutes have minutes as keys", () => {
    const reader = contentReader("/content/{id}/minutes", "get", 200, "application/json");
    const read = (minutes: object) => reader.safeParse({ contentId: "1", minutes }).success;
    expect([{}, { 202401011200: 1 }, { 202401011200: 1, 202401011201: 2 }].filter((one) => !read(one))).toEqual([]);
    const wrong = [{ 2024010112: 1 }, { "2024-01-01T12:00Z": 1 }, { 202401011200: 0 }, { 202401011200: "1" }];
    expect(wrong.filter(read)).toEqual([]);
  });

  it.each([
    ["/generate/{count}/{id}", "POST", "/generate/0/u", 400],
    ["/generate/{count}/{id}", "POST", "/generate/1/u", 503],
    ["/duplicate/{count}/{id}", "POST", "/duplicate/1/u", 503],
    ["/history/{id}", "GET", "/history/u?next=a", 400],
    ["/total/{id}", "GET", "/total/u", 500],
    ["/content/{id}/last", "GET", "/content//last", 400],
    ["/content/top", "GET", "/content/top?minutes=16", 400],
  ] as const)("of %s to %s %s are problems as the document says: %d", async (path, method, asked, status) => {
    const [where = "", query] = asked.split("?");
    const answer = await desk(unhappy).ask(request(method, where, query));
    expect(answer.status).toBe(status);
    const reader = contentReader(path, method.toLowerCase(), status, "application/problem+json");
    expect(reader.safeParse(answer.body)).toEqual({ success: true, data: answer.body });
    expect(reader.safeParse({ ...answer.body, status: "400" }).success).toBe(false);
  });
});
