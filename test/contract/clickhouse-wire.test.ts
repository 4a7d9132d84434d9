import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ClickHouseSettings, ClickHouseStore } from "../../shared/sinks/clickhouse/clickhouse-store.ts";
import { insertRows, openClient } from "../../shared/sinks/clickhouse/http-insert.ts";
import { enriched, enrichedColumns } from "../support/clickhouse-outputs.ts";
import { exception, startWire, type WireAnswer, wellDone } from "../support/clickhouse-wire.ts";
import { selfSigned } from "../support/self-signed.ts";

const password = "pä:ss w\u00f6rd";
const accepted = { kind: "accepted" };
const cutShort = { kind: "unavailable", reason: "cut short by this side" };

describe("ClickHouseStore, on a fake of ClickHouse's HTTP interface,", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const close of closing.splice(0).reverse()) await close();
  });

  const open = (url: string, settings: Partial<ClickHouseSettings> = {}) => {
    const store = new ClickHouseStore({ url, username: "writer", password, columns: enrichedColumns, ...settings });
    closing.push(() => store.close());
    return store;
  };
  const pair = async (answer?: (requestNumber: number) => WireAnswer, settings: Partial<ClickHouseSettings> = {}) => {
    const wire = await startWire(answer);
    closing.push(() => wire.stop());
    return { ...wire, store: open(wire.url, settings) };
  };
  const outputs = [enriched(), enriched({ event_id: "9007199254740993", user_id: 'a"\n\u0000ü', device: null })];

  describe("the request", () => {
    it("is one insert of all rows, named by their columns, each a line of JSON as its body is", async () => {
      const { store, requests } = await pair();
      expect(await store.write(outputs)).toEqual(accepted);
      expect(requests).toHaveLength(1);
      const { method, path, parameters, body } = requests[0]!;
      expect([method, path]).toEqual(["POST", "/"]);
      const { query_id, insert_deduplication_token, ...rest } = parameters;
      const columns = enrichedColumns.map(({ name }) => `\`${name}\``).join(", ");
      expect(rest).toEqual({
        query: `INSERT INTO \`engagement\`.\`events_enriched\` (${columns}) FORMAT JSONEachRow`,
        async_insert: "0",
        wait_end_of_query: "1",
        max_partitions_per_insert_block: "0",
        date_time_input_format: "best_effort",
      });
      expect(query_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(insert_deduplication_token).toMatch(/^[0-9a-f]{64}$/);
      expect(body.endsWith("}\n")).toBe(true);
      expect(body.trimEnd().split("\n")).toEqual(outputs.map((output) => JSON.stringify(output.body)));
    });

    it("is packed, authorized, and says who sends it", async () => {
      const { store, requests } = await pair();
      await store.write(outputs);
      const { headers } = requests[0]!;
      expect(headers["content-encoding"]).toBe("gzip");
      expect(headers.authorization).toBe(`Basic ${Buffer.from(`writer:${password}`).toString("base64")}`);
      expect(headers["user-agent"]).toMatch(/^tidemark /);
    });

    it("names another database and table, and keeps the path of a proxy", async () => {
      const wire = await startWire();
      closing.push(() => wire.stop());
      const store = open(`${wire.url}/clickhouse/eu`, { database: "_Db1", table: "t2" });
      expect(await store.write(outputs)).toEqual(accepted);
      expect(wire.requests[0]?.path).toBe("/clickhouse/eu");
      expect(wire.requests[0]?.parameters.query).toMatch(/^INSERT INTO `_Db1`\.`t2` \(/);
      expect(wire.requests[0]?.parameters).not.toHaveProperty("database");
    });

    it("has the same token for the same rows only: not for a part, another order, another value, or other rows", async () => {
      const { store, requests } = await pair();
      const [first, second] = outputs as [(typeof outputs)[0], (typeof outputs)[0]];
      const mended = enriched({ engagement_pct: 0.03 });
      const batches = [outputs, [first], [second, first], [mended, second], [first, enriched({ revision: 2 })]];
      for (const batch of [...batches, ...batches]) await store.write(batch);
      const tokens = requests.map(({ parameters }) => parameters.insert_deduplication_token);
      expect(new Set(tokens.slice(0, batches.length)).size).toBe(batches.length);
      expect(tokens.slice(batches.length)).toEqual(tokens.slice(0, batches.length));
    });

    it("is never made for no outputs, or for none that the table can hold", async () => {
      const { store, requests } = await pair();
      expect(await store.write([])).toEqual(accepted);
      const misfit = enriched({ duration_ms: 0.5 });
      const reason = "duration_ms is no integer of 64 bits";
      expect(await store.write([misfit])).toEqual({ kind: "refused", reason, ids: [misfit.id] });
      expect(requests).toEqual([]);
    });

    it("takes one connection for writes one after the other", async () => {
      const { store, connections } = await pair();
      for (let write = 1; write <= 4; write++)
        expect(await store.write([enriched({ event_id: write })])).toEqual(accepted);
      expect(connections()).toBe(1);
    });
  });

  describe("what the table can't hold", () => {
    const misfit = enriched({ event_id: 2, event_ts: "9999-01-01T00:00:00Z" });
    const reason = "event_ts is after 2299, which DateTime64 doesn't hold";

    it("stays out of the request, and is named where the rest is accepted", async () => {
      const { store, requests } = await pair();
      expect(await store.write([enriched(), misfit])).toEqual({ kind: "refused", reason, ids: [misfit.id] });
      expect(requests[0]?.body).toBe(`${JSON.stringify(enriched().body)}\n`);
    });

    it("is named with the only other output, where that is refused", async () => {
      const { store } = await pair(() => exception(27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED", "no", 400));
      const outcome = await store.write([enriched(), misfit]);
      const both = expect.stringMatching(/^status 400: Code: 27\. .*; event_ts is after 2299/);
      expect(outcome).toEqual({ kind: "refused", reason: both, ids: [enriched().id, misfit.id] });
    });

    it("isn't named where nobody knows which of the others is refused", async () => {
      const { store } = await pair(() => exception(27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED", "no", 400));
      const outcome = await store.write([...outputs, misfit]);
      expect(outcome).toEqual({ kind: "refused", reason: expect.stringContaining(reason) });
    });

    it("isn't refused before the rest could be written", async () => {
      const { store } = await pair(() => ({ status: 503 }));
      expect(await store.write([enriched(), misfit])).toEqual({ kind: "unavailable", reason: "status 503" });
    });
  });

  describe("an answer", () => {
    it.each<[string, WireAnswer, RegExp, number]>([
      ["garbage", "garbage", /^no answer: HPE_/, 1],
      ["half of one", "half", /^no answer: ECONNRESET/, 2],
      ["none at all", "reset", /^no answer: ECONNRESET/, 2],
      ["an overload", exception(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many"), /^status 500: Code: 202\./, 1],
    ])("that may be another one later is unavailable, after few requests: %s", async (_, answer, reason, tries) => {
      const { store, requests } = await pair(() => answer);
      expect(await store.write(outputs)).toEqual({ kind: "unavailable", reason: expect.stringMatching(reason) });
      expect(requests).toHaveLength(tries);
    });

    it("is asked for once more, for the same rows, where the connection breaks", async () => {
      const once = await pair((number) => (number === 1 ? "reset" : wellDone));
      expect(await once.store.write(outputs)).toEqual(accepted);
      const [first, second] = once.requests.map(({ body, parameters }) => [
        body,
        parameters.insert_deduplication_token,
      ]);
      expect(second).toEqual(first);
      expect(once.requests).toHaveLength(2);
    });

    it("that says 200 with an exception in its text is none of success", async () => {
      const half = "Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)";
      const { store } = await pair(() => ({ ...(wellDone as object), status: 200, body: `\n${half}` }));
      expect(await store.write(outputs)).toEqual({ kind: "unavailable", reason: `status 200: ${half}` });
    });

    it("of 1 MB is read to its end, and the connection is used again", async () => {
      const answer = exception(999, "KEEPER_EXCEPTION", "x".repeat(1_000_000));
      const { store, connections } = await pair((number) => (number === 1 ? answer : wellDone));
      const outcome = await store.write(outputs);
      expect(outcome.kind).toBe("unavailable");
      expect(JSON.stringify(outcome).length).toBeLessThan(500);
      expect(await store.write(outputs)).toEqual(accepted);
      expect(connections()).toBe(1);
    });

    it("that shows what was sent doesn't bring the password into the reason", async () => {
      const basic = Buffer.from(`writer:${password}`).toString("base64");
      for (const secret of [password, basic]) {
        for (const spaces of [0, 270, 285, 295]) {
          const { store } = await pair(() => ({ status: 502, body: `${" x".repeat(spaces / 2)} sent: ${secret}` }));
          const { reason } = (await store.write(outputs)) as { reason: string };
          expect(reason).toMatch(/^status 502: /);
          expect(reason).not.toContain(secret.slice(0, 5));
        }
      }
    });

    it("of any kind is never thrown or printed, and never holds the password", async () => {
      const printed = ["log", "info", "warn", "error", "debug"] as const;
      const spies = printed.map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
      const random = randomBytes(5_000).toString("latin1");
      const answers: WireAnswer[] = [
        ...(["garbage", "half", "reset"] as const),
        ...[100, 204, 299, 301, 400, 401, 403, 404, 413, 418, 429, 500, 503, 599].map((status) => ({ status })),
        { status: 500, headers: { "x-clickhouse-exception-code": "no number" }, body: random },
        { status: 200, headers: { "content-encoding": "gzip" }, body: random },
      ];
      for (const answer of answers) {
        const { store } = await pair(() => answer, { writeTimeout: 300 });
        const outcome = await store.write(outputs);
        expect(outcome).toEqual({
          kind: expect.stringMatching(/refused|unavailable|accepted/),
          reason: expect.any(String),
        });
        expect(JSON.stringify(outcome)).not.toContain(password);
      }
      for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    });
  });

  describe("the time that it may take", () => {
    it.each<[string, WireAnswer]>([
      ["says nothing", "silence"],
      ["never ends its answer", "drip"],
    ])("ends the write to a server that %s", async (_, answer) => {
      const { store } = await pair(() => answer, { writeTimeout: 150 });
      expect(await store.write(outputs)).toEqual({ kind: "unavailable", reason: "not done within 150 ms" });
    });
  });

  describe("being cut short", () => {
    const settings = { writeTimeout: 60_000 };

    it("before it begins, sends nothing", async () => {
      const { store, requests } = await pair();
      expect(await store.write(outputs, AbortSignal.abort())).toEqual(cutShort);
      expect(await store.write([enriched({ event_id: "x" })], AbortSignal.abort())).toEqual(cutShort);
      expect(requests).toEqual([]);
      expect(await store.write(outputs)).toEqual(accepted);
    });

    it.each<WireAnswer>(["silence", "drip"])(
      "by the signal ends a write, and disturbs no later one: %s",
      async (answer) => {
        const arrived = Promise.withResolvers<void>();
        const { store } = await pair((number) => {
          arrived.resolve();
          return number === 1 ? answer : wellDone;
        }, settings);
        const cut = new AbortController();
        const write = store.write(outputs, cut.signal);
        await arrived.promise;
        cut.abort();
        expect(await write).toEqual(cutShort);
        for (let later = 1; later <= 3; later++) expect(await store.write(outputs)).toEqual(accepted);
      },
    );

    it("by closing ends a write at once, and every later one", async () => {
      const arrived = Promise.withResolvers<void>();
      const { store, requests } = await pair(() => {
        arrived.resolve();
        return "silence";
      }, settings);
      const write = store.write(outputs);
      await arrived.promise;
      await store.close();
      expect(await write).toEqual(cutShort);
      expect(await store.write(outputs)).toEqual(cutShort);
      await store.close();
      expect(requests).toHaveLength(1);
    });
  });

  it("sends nothing for a signal that has fired between two tries", async () => {
    const { url, requests } = await pair();
    const client = openClient({ url: new URL(url), username: "writer", password, ca: undefined });
    closing.push(() => client.close());
    const answer = await insertRows(client, "INSERT INTO t FORMAT JSONEachRow", "{}", AbortSignal.abort());
    expect(answer).toEqual({ kind: "failed", reason: expect.stringContaining("abort"), wasReset: false });
    expect(requests).toEqual([]);
  });

  it("says unavailable where nobody listens", async () => {
    const store = open("http://127.0.0.1:1");
    expect(await store.write(outputs)).toEqual({ kind: "unavailable", reason: "no answer: ECONNREFUSED" });
  });

  const certificate = selfSigned();
  const skipTls = certificate ? undefined : "there is no openssl";

  it.skipIf(skipTls)(
    `trusts a certificate that it is told to, and no other${skipTls ? ` (skipped: ${skipTls})` : ""}`,
    async () => {
      const wire = await startWire(undefined, certificate);
      closing.push(() => wire.stop());
      expect(await open(wire.url).write(outputs)).toEqual({
        kind: "unavailable",
        reason: "no answer: DEPTH_ZERO_SELF_SIGNED_CERT",
      });
      expect(wire.requests).toEqual([]);
      expect(await open(wire.url, { ca: certificate?.cert ?? "" }).write(outputs)).toEqual(accepted);
      expect(wire.requests[0]?.headers.authorization).toMatch(/^Basic /);
    },
  );
});
