import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { desk, invalid, jsonHeaders, notAllowed, notFound, problemHeaders, request } from "./api-requests.ts";
import { badIds, goodIds, hostileText, isGoodId } from "./hostile-ids.ts";

const views = ["last", "count", "minutes"] as const;

/** Every line that is written to the log: nothing that is asked may break anything. */
let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => logged.push(String(text)) > 0);
  return () => vi.restoreAllMocks();
});

describe("the id of a content", () => {
  it.each(goodIds)("may hold %s, and comes back exactly", async (_, id) => {
    const { ask, contents } = desk();
    contents.held.set(id, { count: 7 });
    const get = (view: string) => ask(request("GET", `/content/${id}/${view}`));
    const answered = (body: object) => ({ status: 200, headers: jsonHeaders, body: { contentId: id, ...body } });
    expect(await get("count")).toEqual(answered({ count: 7 }));
    expect(await get("last")).toEqual(answered({ last: null }));
    expect(await get("minutes")).toEqual(answered({ minutes: {} }));
    expect(contents.asked).toEqual([
      ["count", id],
      ["last", id],
      ["minutes", id],
    ]);
  });

  it.each(badIds)("is refused where it %s, and nothing is asked", async (_, id, flaw) => {
    const { ask, contents } = desk();
    for (const view of views) {
      expect(await ask(request("GET", `/content/${id}/${view}`))).toEqual(invalid("id", flaw));
    }
    expect(contents.asked).toEqual([]);
  });
});

describe("paths and methods", () => {
  it.each([
    "/content",
    "/content/",
    "/content/1",
    "/content/1/",
    "/content/last",
    "/content/count/",
    "/content/tops",
    "/content/top/1",
    "/content/Top",
    "/content//top",
    "/content/../content/top",
    "/content/top?minutes=1",
    "/content/1/lasts",
    "/content/1/Last",
    "/content/1/last/x",
    "/content/1/last//",
    "/content/1/top",
    "/contents/1/last",
    "/v1/content/1/last",
    "content/1/last",
    "/content\\1\\last",
    "/content/1\n/last\n",
    "/content/__proto__",
    "/top",
    "/last",
  ])("has nothing at %j", async (path) => {
    const { ask, contents } = desk();
    expect(await ask(request("GET", path))).toEqual(notFound);
    expect(await ask(request("POST", path))).toEqual(notFound);
    expect(contents.asked).toEqual([]);
  });

  it("allows a slash at the end of a path that ends in a word", async () => {
    const { ask, contents } = desk();
    await ask(request("GET", "/content/1/last/"));
    await ask(request("GET", "/content/top/"));
    expect(contents.asked).toEqual([
      ["last", "1"],
      ["top", 10, 100],
    ]);
  });

  it.each(["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", ""])("answers 405 to %j", async (method) => {
    const { ask, contents } = desk();
    for (const path of ["/content/1/last", "/content/1/count", "/content/1/minutes", "/content/top"]) {
      expect(await ask(request(method, path))).toEqual(notAllowed("GET, HEAD, OPTIONS"));
    }
    expect(contents.asked).toEqual([]);
  });

  it("answers 405 before it looks at parameters", async () => {
    expect(await desk().ask(request("POST", "/content//last"))).toEqual(notAllowed("GET, HEAD, OPTIONS"));
    expect(await desk().ask(request("POST", "/content/top", "limit=0"))).toEqual(notAllowed("GET, HEAD, OPTIONS"));
  });

  it("answers HEAD as GET without a body, and OPTIONS with what is allowed", async () => {
    const { ask } = desk();
    const allowed = { allow: "GET, HEAD, OPTIONS", "cache-control": "no-store" };
    for (const path of ["/content/1/last", "/content/1/count", "/content/1/minutes", "/content/top"]) {
      expect(await ask(request("HEAD", path))).toEqual({ status: 200, headers: jsonHeaders, body: undefined });
      expect(await ask(request("OPTIONS", path))).toEqual({ status: 204, headers: allowed, body: undefined });
    }
    const refused = { status: 400, headers: problemHeaders, body: undefined };
    expect(await ask(request("HEAD", "/content/top", "limit=0"))).toEqual(refused);
  });
});

/** What a path asks for, by the contract alone: `undefined` where there is nothing. */
function askedBy(path: string): readonly [view: string, id?: string] | undefined {
  const whole = path.endsWith("/") ? path.slice(0, -1) : path;
  if (whole === "/content/top") return ["top"];
  const view = views.find((one) => whole.endsWith(`/${one}`));
  if (view === undefined || !whole.startsWith("/content/")) return undefined;
  const from = "/content/".length;
  const to = whole.length - view.length - 1;
  return to < from ? undefined : [view, whole.slice(from, to)];
}

describe("whatever text comes", () => {
  it("as a path: what it asks for is answered exactly, or refused by its id, or is not there", async () => {
    const seen = { answered: 0, refused: 0, top: 0, nothing: 0 };
    const end = fc.constantFrom("/last", "/count", "/minutes", "/top", "", "/");
    const path = fc.oneof(
      fc.tuple(hostileText, end).map(([text, word]) => `/content/${text}${word}`),
      fc.tuple(fc.constantFrom("/content/top", "/content/top/", "/content"), end).map((parts) => parts.join("")),
    );
    const property = fc.asyncProperty(path, async (where) => {
      const { ask, contents } = desk();
      const { status, body } = await ask(request("GET", where));
      const [view, id] = askedBy(where) ?? [];
      if (view === "top") {
        seen.top++;
        expect([status, contents.asked]).toEqual([200, [["top", 10, 100]]]);
      } else if (view === undefined || id === undefined) {
        seen.nothing++;
        expect([status, contents.asked]).toEqual([404, []]);
      } else if (isGoodId(id)) {
        seen.answered++;
        expect([status, body?.contentId, contents.asked]).toEqual([200, id, [[view, id]]]);
      } else {
        seen.refused++;
        expect([status, body?.parameter, contents.asked]).toEqual([400, "id", []]);
      }
    });
    await fc.assert(property, { seed: 5, numRuns: 2_000 });
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(30);
    expect(logged).toEqual([]);
  });

  it("as a query: it is taken within its bounds, or refused by name", async () => {
    const { ask, contents } = desk();
    const query = fc
      .tuple(
        fc.constantFrom("minutes", "limit"),
        fc.oneof(hostileText, fc.integer({ min: -1, max: 1_002 }).map(String)),
      )
      .map(([name, value]) => [name, value] as const);
    const property = fc.asyncProperty(query, async ([name, value]) => {
      contents.asked.length = 0;
      const { status, body } = await ask(
        request("GET", "/content/top", `${name}=${encodeURIComponent(value.toWellFormed())}`),
      );
      const max = name === "minutes" ? 15 : 1_000;
      if (Array.from({ length: max }, (_, i) => String(i + 1)).includes(value)) {
        const wanted = name === "minutes" ? ["top", Number(value), 100] : ["top", 10, Number(value)];
        return void expect([status, contents.asked]).toEqual([200, [wanted]]);
      }
      expect([status, body?.parameter, contents.asked]).toEqual([400, name, []]);
    });
    await fc.assert(property, { seed: 6, numRuns: 1_000 });
    expect(logged).toEqual([]);
  });
});
