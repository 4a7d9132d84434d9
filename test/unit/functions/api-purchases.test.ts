import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { purchaseViews } from "../../../functions/purchase-views.ts";
import { seededRandom } from "../../../localstack/generate/random.ts";
import type { LogRecord } from "../../../shared/core/record.ts";
import { purchases } from "../../../shared/pipelines/purchases/purchases.ts";
import type { TopicMessage } from "../../../shared/ports/producer.ts";
import type { PurchaseEntry } from "../../../shared/ports/purchase-views.ts";
import { type PurchasesWorld, purchasesWorld } from "../../support/fact-race.ts";
import { asker, desk, invalid, jsonHeaders, now, problemHeaders, request, sample } from "./api-requests.ts";

const uuid = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
const answered = (body: object) => ({ status: 200, headers: jsonHeaders, body });

let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => logged.push(String(text)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

describe("POST /generate/{count}/{id}", () => {
  it("produces so many purchases of the user, each with an id of its own", async () => {
    const { ask, produced } = desk();
    expect(await ask(sample("generate"))).toEqual(
      answered({ userId: "user_1", purchasesGenerated: 3, status: "success" }),
    );
    const message = (n: number) => ({
      id: uuid(n),
      topic: "purchases",
      key: "user_1",
      value: `{"purchaseId":"${uuid(n)}","userId":"user_1","productName":"Headphones","productType":"Audio","value":505.00,"quantity":3,"total":1515.00}`,
      timestamp: now,
    });
    expect(produced).toEqual([[message(1), message(2), message(3)]]);
  });

  it.each([
    ["the lowest draws", 0, "Laptop", "Electronics", '"value":10.00,"quantity":1,"total":10.00'],
    ["the highest draws", 1 - 2 ** -53, "Charger", "Accessories", '"value":1000.00,"quantity":5,"total":5000.00'],
    ["a draw that makes odd cents", 0.39399, "Monitor", "Display", '"value":400.05,"quantity":2,"total":800.10'],
  ])("keeps within its bounds at %s", async (_, fraction, name, type, numbers) => {
    const { ask, produced } = desk({ fractions: [fraction] });
    await ask(request("POST", "/generate/1/u"));
    expect(produced[0]?.map(({ value }) => value)).toEqual([
      `{"purchaseId":"${uuid(1)}","userId":"u","productName":"${name}","productType":"${type}",${numbers}}`,
    ]);
  });

  it("makes records that the pipeline takes, with totals exact to the cent", async () => {
    const { fraction } = seededRandom(7);
    const fractions = Array.from({ length: 2_999 }, fraction);
    const { ask, produced } = desk({ fractions });
    await ask(request("POST", "/generate/1000/ann"));
    const texts = produced.flat().map(({ value }) => value);
    expect(texts).toHaveLength(1_000);
    const { parse } = purchases();
    for (const text of texts) {
      expect(parse("purchases", Buffer.from(text)).kind).toBe("record");
      const [, value, cents, quantity, total, totalCents] =
        /"value":(\d+)\.(\d\d),"quantity":([1-5]),"total":(\d+)\.(\d\d)\}$/.exec(text) ?? [];
      const valueInCents = Number(value) * 100 + Number(cents);
      expect(valueInCents).toBeGreaterThanOrEqual(1_000);
      expect(valueInCents).toBeLessThanOrEqual(100_000);
      expect(valueInCents * Number(quantity)).toBe(Number(total) * 100 + Number(totalCents));
    }
    const pairs = texts.map((text) => /"productName":"(\w+)","productType":"(\w+)"/.exec(text)?.slice(1) ?? []);
    expect(new Set(pairs.map(([name]) => name)).size).toBe(10);
    const types = ["Accessories", "Audio", "Computing", "Display", "Electronics"];
    expect([...new Set(pairs.map(([, type]) => type))].sort()).toEqual(types);
  });
});

describe("POST /duplicate/{count}/{id}", () => {
  it("produces one purchase so many times, in messages that can be told apart", async () => {
    const { ask, produced } = desk();
    expect(await ask(request("POST", "/duplicate/2/user_1"))).toEqual(
      answered({
        userId: "user_1",
        purchaseId: uuid(1),
        duplicatesSent: 2,
        status: "success",
        note: "All messages are about the same purchase: it counts once.",
      }),
    );
    const value = `{"purchaseId":"${uuid(1)}","userId":"user_1","productName":"Laptop","productType":"Electronics","value":50.00,"quantity":2,"total":100.00}`;
    const message = (n: number) => ({
      id: `${uuid(1)}:${n}`,
      topic: "purchases",
      key: "user_1",
      value,
      timestamp: now,
    });
    expect(produced).toEqual([[message(1), message(2)]]);
  });
});

describe.each(["generate", "duplicate"])("POST /%s where Kafka doesn't take the messages", (name) => {
  const reason = "broker b-1.internal:9098 said no";
  const ids = name === "generate" ? [uuid(2)] : [`${uuid(1)}:1`, `${uuid(1)}:4`];

  it.each([
    ["unavailable", { kind: "unavailable", reason }, "Kafka is out of reach", 4, "5"],
    ["refused", { kind: "refused", reason }, "Kafka refuses messages as things stand", 4, "60"],
    [
      "refused by name",
      { kind: "refused", reason, ids },
      "Kafka refuses messages as things stand",
      4 - ids.length,
      "60",
    ],
  ] as const)("says so where they are %s, and how many may be written; why stands in the log only", async (...row) => {
    const [, outcome, why, writtenAtMost, retryAfter] = row;
    expect(await desk({ outcome }).ask(request("POST", `/${name}/4/u`))).toEqual({
      status: 503,
      headers: { ...problemHeaders, "retry-after": retryAfter },
      body: {
        type: "urn:problem-type:tidemark:not-accepted",
        title: "Messages not accepted",
        status: 503,
        detail: `${why}. At most ${writtenAtMost} of 4 messages are written; asking again makes new ones.`,
        writtenAtMost,
      },
    });
    const said = { requestId: "JKJaXmPLvHcESHA=", outcome: outcome.kind, messages: 4, error: reason };
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      { level: "error", event: "purchases.not-accepted", ...said },
    ]);
  });

  it("says how many may be written where the producer breaks down", async () => {
    const { ask } = desk({ outcome: new Error("secret-laden internals") });
    expect(await ask(request("POST", `/${name}/4/u`))).toEqual({
      status: 500,
      headers: problemHeaders,
      body: {
        type: "about:blank",
        title: "Internal Server Error",
        status: 500,
        detail: "The request could not be answered. The log has the cause under request id JKJaXmPLvHcESHA=.",
        writtenAtMost: 4,
      },
    });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("secret-laden internals");
  });
});

describe("GET /total/{id}", () => {
  it("says what the user owes, exactly as the views have it", async () => {
    const total = "123456789012345678901234567890.000001";
    const { ask, produced } = desk({
      total: async (userId) => ({ total: userId === "user_1" ? total : "1", count: 2 }),
    });
    expect(await ask(sample("total"))).toEqual(answered({ userId: "user_1", totalDebt: total, currency: "USD" }));
    expect(produced).toEqual([]);
  });

  it("says 0 for a user of whom nothing is known", async () => {
    expect(await desk().ask(request("GET", "/total/nobody"))).toEqual(
      answered({ userId: "nobody", totalDebt: "0", currency: "USD" }),
    );
  });

  it("says nothing of the inside where the views break down, and logs it", async () => {
    const { ask } = desk({ total: async () => Promise.reject(new Error("table entities-x is gone")) });
    const { status, headers, body } = await ask(sample("total"));
    expect({ status, headers, body }).toEqual({
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
    const { stack, ...error } = JSON.parse(logged[0]!).error;
    expect(error).toEqual({ name: "Error", message: "table entities-x is gone" });
    expect(stack).toContain("api-purchases.test.ts");
    expect(logged[0]).not.toMatch(/AWS4-HMAC|AKIA/);
  });

  it("stands a view that throws what is no error", async () => {
    const { ask } = desk({ total: () => Promise.reject("just text") });
    expect((await ask(sample("total"))).status).toBe(500);
    expect(logged).toHaveLength(1);
  });
});

describe("GET /history/{id}", () => {
  const entry: PurchaseEntry = {
    purchaseId: "p1",
    productName: "Laptop",
    productType: "Electronics",
    value: "50.00",
    quantity: 2,
    total: "100.00",
    timestamp: "2024-01-01T12:10:00.250Z",
  };

  it("shows a page, the number of all purchases, and how to go on", async () => {
    const { ask, asked } = desk({ history: async () => ({ count: 7, purchases: [entry], next: "b2" }) });
    expect(await ask(sample("history"))).toEqual(
      answered({ userId: "user 1/ü", purchaseCount: 7, purchases: [entry], next: "b2" }),
    );
    expect(asked).toEqual([["user 1/ü", { limit: 5 }]]);
  });

  it("asks for 20 without a limit, and says nothing of a next page where there is none", async () => {
    const { ask, asked } = desk();
    expect(await ask(request("GET", "/history/u"))).toEqual(answered({ userId: "u", purchaseCount: 0, purchases: [] }));
    expect(asked).toEqual([["u", { limit: 20 }]]);
  });

  it.each([
    ["next=b2", { limit: 20, before: "b2" }],
    ["limit=1&next=a%2Bb%26%3D+c", { limit: 1, before: "a+b&= c" }],
    ["limit=100&other=ignored", { limit: 100 }],
    ["next=", { limit: 20, before: "" }],
  ])("hands on what %s says", async (query, page) => {
    const { ask, asked } = desk();
    expect((await ask(request("GET", "/history/u", query))).status).toBe(200);
    expect(asked).toEqual([["u", page]]);
  });

  it("refuses a cursor that the views refuse", async () => {
    const { ask } = desk({ history: async () => undefined });
    expect(await ask(request("GET", "/history/u", "next=nonsense"))).toEqual(
      invalid("next", "must be the `next` of an earlier answer, unchanged"),
    );
  });

  it.each(["0", "101", "-1", "1.5", "1e1", "", "abc", "+5", "05", " 5", "%35%20", "5&limit=5"])(
    "refuses limit=%s, and asks nothing",
    async (limit) => {
      const { ask, asked } = desk();
      const flaw = limit.includes("&") ? "must be given once" : "must be a whole number from 1 to 100";
      expect(await ask(request("GET", "/history/u", `limit=${limit}`))).toEqual(invalid("limit", flaw));
      expect(asked).toEqual([]);
    },
  );

  it("refuses two cursors", async () => {
    expect(await desk().ask(request("GET", "/history/u", "next=a&next=b"))).toEqual(
      invalid("next", "must be given once"),
    );
  });
});

describe("what was produced through the API", () => {
  let world: PurchasesWorld;
  beforeEach(() => {
    world = purchasesWorld();
  });
  afterEach(() => world.end());

  it("is read through it once the pipeline has had it: duplicates count once, pages lead through all", async () => {
    let uuids = 0;
    let offset = 0;
    const produce = async (messages: readonly TopicMessage[]) => {
      const records = messages.map(
        ({ key, value }): LogRecord => ({
          ...{ topic: "purchases", partition: 0, timestamp: now + offset, offset: offset++ },
          ...{ key: Buffer.from(key), value: Buffer.from(value) },
        }),
      );
      expect(await world.deliver(records)).toEqual([]);
      return { kind: "accepted" } as const;
    };
    const ask = asker({
      purchases: {
        views: purchaseViews(world.store),
        samples: {
          producer: { produce },
          clock: { now: () => now },
          chance: { fraction: () => 0.5, uuid: () => `id-${++uuids}` },
        },
      },
    });
    await ask(request("POST", "/duplicate/5/ann/x"));
    expect((await ask(request("GET", "/total/ann/x"))).body?.totalDebt).toBe("100.00");
    await ask(request("POST", "/generate/2/ann/x"));
    expect((await ask(request("GET", "/total/ann/x"))).body?.totalDebt).toBe("3130.00");
    expect((await ask(request("GET", "/total/ann"))).body?.totalDebt).toBe("0");
    const first = await ask(request("GET", "/history/ann/x", "limit=2"));
    const second = await ask(
      request("GET", "/history/ann/x", `limit=2&next=${encodeURIComponent(String(first.body?.next))}`),
    );
    const ids = [first, second].map(({ body }) =>
      (body!.purchases as PurchaseEntry[]).map(({ purchaseId }) => purchaseId),
    );
    expect(ids).toEqual([["id-3", "id-2"], ["id-1"]]);
    expect([first, second].map(({ body }) => body?.purchaseCount)).toEqual([3, 3]);
    expect(second.body).not.toHaveProperty("next");
    expect((await ask(request("GET", "/history/ann/x", "next=bm9uZQ"))).status).toBe(400);
  });
});
