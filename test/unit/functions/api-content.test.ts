import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ContentViews, EnrichedEvent } from "../../../shared/ports/content-views.ts";
import { asker, desk, invalid, jsonHeaders, notFound, problemHeaders, request, sample } from "./api-requests.ts";
import { MemoryContents } from "./memory-contents.ts";

const answered = (body: object) => ({ status: 200, headers: jsonHeaders, body });

let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => logged.push(String(text)) > 0);
  return () => vi.restoreAllMocks();
});

const event: EnrichedEvent = {
  event_id: 16,
  content_id: 1,
  user_id: "user_1",
  event_type: "play",
  event_ts: "2024-01-01T12:10:00Z",
  duration_ms: 7_000,
  device: "ios",
  content_type: "video",
  length_seconds: 300,
  engagement_seconds: 7,
  engagement_pct: 0.02,
  revision: 1,
};

describe("GET /content/{id}/last", () => {
  it("shows the event as the views have it", async () => {
    const { ask, contents } = desk();
    contents.held.set("1", { last: event });
    expect(await ask(sample("content-last"))).toEqual(answered({ contentId: "1", last: event }));
    expect(contents.asked).toEqual([["last", "1"]]);
  });

  it("shows what is missing in an event as null, and an id beyond 2^53 digit by digit", async () => {
    const { ask, contents } = desk();
    const bare = {
      ...{ ...event, event_id: "9007199254740993", duration_ms: null, device: null, content_type: null },
      ...{ length_seconds: null, engagement_seconds: null, engagement_pct: null },
    };
    contents.held.set("1", { last: bare });
    expect((await ask(sample("content-last"))).body).toEqual({ contentId: "1", last: bare });
  });

  it("shows null for a content without an event of the last hour", async () => {
    expect(await desk().ask(request("GET", "/content/2/last"))).toEqual(answered({ contentId: "2", last: null }));
  });
});

describe("GET /content/{id}/count", () => {
  it("says how many events there are", async () => {
    const { ask, contents } = desk();
    contents.held.set("1", { count: 5 });
    expect(await ask(sample("content-count"))).toEqual(answered({ contentId: "1", count: 5 }));
    expect(contents.asked).toEqual([["count", "1"]]);
  });

  it.each(["2", "01", "1 ", "+1", "-1", "1.0", "one"])("says 0 for %j, which is none that is known", async (id) => {
    const { ask, contents } = desk();
    contents.held.set("1", { count: 5 });
    expect(await ask(request("GET", `/content/${id}/count`))).toEqual(answered({ contentId: id, count: 0 }));
  });
});

describe("GET /content/{id}/minutes", () => {
  it("shows the minutes in the order of the views, oldest first", async () => {
    const { ask, contents } = desk();
    const minutes = [
      { minute: "202312312359", count: 2 },
      { minute: "202401010000", count: 11 },
      { minute: "202401010003", count: 1 },
    ];
    contents.held.set("1", { minutes });
    const { status, headers, body } = await ask(sample("content-minutes"));
    expect({ status, headers }).toEqual({ status: 200, headers: jsonHeaders });
    expect(Object.entries(body!)).toEqual([
      ["contentId", "1"],
      ["minutes", { 202312312359: 2, 202401010000: 11, 202401010003: 1 }],
    ]);
    expect(Object.keys(body!.minutes as object)).toEqual(minutes.map(({ minute }) => minute));
    expect(contents.asked).toEqual([["minutes", "1"]]);
  });

  it("shows none for a content without events in the last minutes", async () => {
    expect(await desk().ask(request("GET", "/content/2/minutes"))).toEqual(answered({ contentId: "2", minutes: {} }));
  });
});

describe("GET /content/top", () => {
  const ranked = [
    { contentId: "9007199254740993", count: 7 },
    { contentId: "10", count: 5 },
    { contentId: "2", count: 5 },
    { contentId: "1", count: 1 },
  ];

  it("shows the contents in the order of the views", async () => {
    const { ask, contents } = desk();
    contents.ranked = ranked;
    expect(await ask(sample("content-top"))).toEqual(answered({ minutes: 5, top: ranked.slice(0, 3) }));
    expect(contents.asked).toEqual([["top", 5, 3]]);
  });

  it("asks for the 100 highest of 10 minutes where nothing else is said, and shows none where there are none", async () => {
    const { ask, contents } = desk();
    expect(await ask(request("GET", "/content/top"))).toEqual(answered({ minutes: 10, top: [] }));
    expect(contents.asked).toEqual([["top", 10, 100]]);
  });

  it.each([
    ["minutes=1", 1, 100],
    ["minutes=15", 15, 100],
    ["limit=1", 10, 1],
    ["limit=1000", 10, 1_000],
    ["limit=7&minutes=2&other=ignored", 2, 7],
  ])("hands on what %s says", async (query, minutes, limit) => {
    const { ask, contents } = desk();
    expect((await ask(request("GET", "/content/top", query))).body?.minutes).toBe(minutes);
    expect(contents.asked).toEqual([["top", minutes, limit]]);
  });

  it.each([
    ["minutes", 15],
    ["limit", 1_000],
  ])("refuses %s below 1, above %d and what is no whole number, and asks nothing", async (name, max) => {
    const { ask, contents } = desk();
    for (const value of ["0", String(max + 1), "-1", "1.5", "1e1", "", "abc", "+5", "05", " 5", "5%20", "NaN", "٣"]) {
      expect(await ask(request("GET", "/content/top", `${name}=${value}`))).toEqual(
        invalid(name, `must be a whole number from 1 to ${max}`),
      );
    }
    expect(await ask(request("GET", "/content/top", `${name}=5&${name}=5`))).toEqual(
      invalid(name, "must be given once"),
    );
    expect(contents.asked).toEqual([]);
  });
});

describe("a content that is called as a path of the API", () => {
  it.each(["top", "last", "count", "minutes", "top/last", "content/top"])("is told of: %s", async (id) => {
    const { ask, contents } = desk();
    contents.held.set(id, { count: 3, last: event, minutes: [{ minute: "202401010000", count: 3 }] });
    expect((await ask(request("GET", `/content/${id}/count`))).body).toEqual({ contentId: id, count: 3 });
    expect((await ask(request("GET", `/content/${id}/last`))).body).toEqual({ contentId: id, last: event });
    expect((await ask(request("GET", `/content/${id}/minutes`))).body).toEqual({
      contentId: id,
      minutes: { 202401010000: 3 },
    });
    expect(contents.asked.map(([, asked]) => asked)).toEqual([id, id, id]);
  });
});

describe("views that break down", () => {
  const broken = () => Promise.reject(new Error("table entities-x is gone"));
  const contents: ContentViews = { last: broken, count: broken, minutes: broken, top: broken };

  it.each(["content-last", "content-count", "content-minutes", "content-top"] as const)(
    "are logged, and nothing of the inside is told: %s",
    async (name) => {
      expect(await asker({ contents })(sample(name))).toEqual({
        status: 500,
        headers: problemHeaders,
        body: {
          type: "about:blank",
          title: "Internal Server Error",
          status: 500,
          detail: "The request could not be answered. The log has the cause under request id JKJaXmPLvHcESHA=.",
        },
      });
      expect(logged).toHaveLength(1);
      expect(logged[0]).toContain("table entities-x is gone");
    },
  );
});

describe("a deployment without some pipelines", () => {
  const contentPaths = ["/content/1/last", "/content/1/count", "/content/1/minutes", "/content/top"];
  const purchasePaths = ["/generate/1/u", "/duplicate/1/u", "/total/u", "/history/u"];
  const purchases = {
    views: { total: async () => ({ total: "1", count: 1 }), history: async () => ({ count: 0, purchases: [] }) },
    samples: {
      producer: { produce: async () => ({ kind: "accepted" }) as const },
      clock: { now: () => 0 },
      chance: { fraction: () => 0, uuid: () => "an id" },
    },
  };
  const contents = new MemoryContents();
  const pathsOf = async (ask: ReturnType<typeof asker>) =>
    Object.keys((await ask(request("GET", "/openapi.json"))).body?.paths as object);
  const absent = (pipeline: string) => ({
    status: 404,
    headers: problemHeaders,
    body: {
      type: "urn:problem-type:tidemark:not-deployed",
      title: "Not deployed",
      status: 404,
      detail: `This path is about the pipeline ${pipeline}, and isn't deployed here; GET /openapi.json says what there is.`,
    },
  });

  it("answers about purchases, and says at the paths of contents that engagement is missing, whatever the method", async () => {
    const ask = asker({ purchases });
    expect((await ask(request("GET", "/total/u"))).status).toBe(200);
    expect((await ask(request("POST", "/total/u"))).status).toBe(405);
    for (const method of ["GET", "POST", "DELETE", "OPTIONS", "TRACE"]) {
      for (const path of contentPaths) expect(await ask(request(method, path))).toEqual(absent("engagement"));
    }
    expect(await ask(request("HEAD", "/content/top"))).toEqual({ ...absent("engagement"), body: undefined });
  });

  it("answers about contents, and says at the paths of purchases that those are missing, whatever the method", async () => {
    const ask = asker({ contents, purchases: undefined });
    expect((await ask(request("GET", "/content/1/count"))).status).toBe(200);
    expect((await ask(request("POST", "/content/1/count"))).status).toBe(405);
    for (const method of ["GET", "POST", "PUT", "OPTIONS"]) {
      for (const path of purchasePaths) expect(await ask(request(method, path))).toEqual(absent("purchases"));
    }
  });

  it("doesn't look at parameters where there is nobody to ask", async () => {
    const ask = asker({ purchases });
    expect(await ask(request("GET", "/content//last"))).toEqual(absent("engagement"));
    expect(await ask(request("GET", "/content/top", "minutes=0"))).toEqual(absent("engagement"));
    expect(await asker({ contents })(request("POST", "/generate/0/"))).toEqual(absent("purchases"));
  });

  it("still has nothing where nothing ever is", async () => {
    for (const app of [{ purchases }, { contents }, {}]) {
      expect(await asker(app)(request("GET", "/content"))).toEqual(notFound);
      expect(await asker(app)(request("GET", "/content/1"))).toEqual(notFound);
      expect(await asker(app)(request("GET", "/total"))).toEqual(notFound);
    }
  });

  it("describes what it answers, and nothing else", async () => {
    const ofPurchases = ["/generate/{count}/{id}", "/duplicate/{count}/{id}", "/total/{id}", "/history/{id}"];
    const ofContents = ["/content/{id}/last", "/content/{id}/count", "/content/{id}/minutes", "/content/top"];
    expect(await pathsOf(asker({ purchases }))).toEqual(ofPurchases);
    expect(await pathsOf(asker({ purchases: { views: purchases.views } }))).toEqual(ofPurchases.slice(2));
    expect(await pathsOf(asker({ contents }))).toEqual(ofContents);
    expect(await pathsOf(asker({ contents, purchases }))).toEqual([...ofPurchases, ...ofContents]);
    expect(await pathsOf(asker({}))).toEqual([]);
  });
});
