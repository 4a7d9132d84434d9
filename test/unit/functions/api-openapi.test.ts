import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { openApiReference, openApiText } from "../../../localstack/reference/openapi-reference.ts";
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
    ]);
  });

  it("names the parameters of each path, and no reference leads nowhere", () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const inPath = Object.values(item).flatMap(({ parameters }) => parameters.filter((one) => one.in === "path"));
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g));
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
  ])("of %s are as the document says, and it would tell if they weren't", async (path, method, asked) => {
    const { body } = await desk(happy).ask(request(method, asked));
    const reader = contentReader(path, method.toLowerCase(), 200, "application/json");
    expect(reader.safeParse(body)).toEqual({ success: true, data: body });
    expect(reader.safeParse({ ...body, userId: 5 }).success).toBe(false);
    expect(reader.safeParse({ ...body, another: 1 }).success).toBe(false);
    const { userId: _, ...without } = body!;
    expect(reader.safeParse(without).success).toBe(false);
  });

  it.each([
    ["/generate/{count}/{id}", "POST", "/generate/0/u", 400],
    ["/generate/{count}/{id}", "POST", "/generate/1/u", 503],
    ["/duplicate/{count}/{id}", "POST", "/duplicate/1/u", 503],
    ["/history/{id}", "GET", "/history/u?next=a", 400],
    ["/total/{id}", "GET", "/total/u", 500],
  ] as const)("of %s to %s %s are problems as the document says: %d", async (path, method, asked, status) => {
    const [where = "", query] = asked.split("?");
    const answer = await desk(unhappy).ask(request(method, where, query));
    expect(answer.status).toBe(status);
    const reader = contentReader(path, method.toLowerCase(), status, "application/problem+json");
    expect(reader.safeParse(answer.body)).toEqual({ success: true, data: answer.body });
    expect(reader.safeParse({ ...answer.body, status: "400" }).success).toBe(false);
  });
});
