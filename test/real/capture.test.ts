import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { type Capture, type CaptureDatabase, runScripts, startCaptureDatabase } from "./capture-database.ts";
import { recorded, recordedCount, recordedStatements, timeless } from "./recorded-changes.ts";
import { findJava, findPostgres, skippedFor } from "./requirements.ts";

const skip = skippedFor(findPostgres(), findJava());
const events = "dbserver1.public.engagement_events";
const contents = "dbserver1.public.content";

const beforeTheCapture = [
  "INSERT INTO content VALUES (1, 'video', 300)",
  `INSERT INTO engagement_events (id, content_id, user_id, event_type, event_ts)
     VALUES (-1, 1, 'user_0', 'play', '2024-01-01T12:00:00Z')`,
];

/** What a record says: the table, its key, the operation, and the row before and after; a tombstone has no operation. */
function saying({ topic, key, payload }: RecordLine): unknown[] {
  if (payload === null) return [topic, key, null];
  const { op, before, after } = JSON.parse(payload) as { op: string; before: unknown; after: unknown };
  return [topic, key, op, before, after];
}

/** The user of an event that was added; what else a record may be, as it says it. */
function addedUser(record: RecordLine): unknown {
  const [topic, , op, , after] = saying(record);
  return topic === events && op === "c" ? (after as { user_id: string }).user_id : saying(record);
}

describe.skipIf(skip !== "")(`the capture, by PostgreSQL and Debezium${skip ? ` (skipped: ${skip})` : ""}`, () => {
  describe("with the configuration as it is shipped", () => {
    let database: CaptureDatabase;
    let capture: Capture;

    beforeAll(async () => {
      database = await startCaptureDatabase();
      for (const statement of beforeTheCapture) await database.query(statement);
      capture = await database.capture();
    });

    afterAll(() => database?.stop());

    const add = (user: string, content = 1) =>
      database.query(
        `INSERT INTO engagement_events (content_id, user_id, event_type) VALUES (${content}, '${user}', 'play')`,
      );

    /** What comes up to an event of `user`. Where a capture goes on, it may begin with what came last, as after any crash. */
    const takeUntil = async (user: string) => {
      const said: unknown[] = [];
      while (said.at(-1) !== user) said.push(addedUser(await capture.next()));
      return said;
    };

    it("begins with the contents that are there, leaves out the events, and makes of every change what is recorded", async () => {
      const [first] = await capture.take(1);
      for (const statement of recordedStatements) await database.query(statement);
      const records = [...(first ? [first] : []), ...(await capture.take(recordedCount))];
      expect(records.map(({ topic, key }) => [topic, key])).toEqual([
        [contents, '{"content_id":1}'],
        [contents, '{"content_id":2}'],
        [contents, '{"content_id":9007199254740993}'],
        [contents, '{"content_id":1}'],
        [contents, '{"content_id":2}'],
        [contents, '{"content_id":2}'],
        [events, '{"content_id":1}'],
        [events, '{"content_id":9007199254740993}'],
        [events, '{"content_id":3}'],
        [events, '{"content_id":9007199254740993}'],
        // The log holds no content id of a deleted event.
        [events, '{"content_id":0}'],
        [events, '{"content_id":0}'],
        [events, '{"content_id":1}'],
      ]);
      expect(timeless(records)).toEqual(timeless(recorded("changes", records)));
    });

    it("puts an event and its content into partitions of the same number", async () => {
      await database.query("INSERT INTO content SELECT id, 'video', 60 FROM generate_series(100, 119) AS id");
      for (let id = 100; id < 120; id++) await add("user", id);
      const records = await capture.take(40);
      const partitionsOf = (topic: string) =>
        records.filter((record) => record.topic === topic).map(({ key, partition }) => [key, partition]);
      expect(partitionsOf(events)).toEqual(partitionsOf(contents));
      expect(new Set(records.map(({ partition }) => partition)).size).toBe(4);
    });

    it("never makes a new event of one whose content is changed", async () => {
      await add("moved");
      await database.query("UPDATE engagement_events SET content_id = 2 WHERE user_id = 'moved'");
      const records = await capture.take(2);
      expect(records.map((record) => saying(record).slice(0, 4))).toEqual([
        [events, '{"content_id":1}', "c", null],
        [events, '{"content_id":2}', "u", null],
      ]);
    });

    it("says nothing of a truncation, nor of messages in the log", async () => {
      await database.query("TRUNCATE engagement_events");
      await database.query("SELECT pg_logical_emit_message(true, 'of others', 'message')");
      await add("after the truncation");
      expect(addedUser(await capture.next())).toBe("after the truncation");
    });

    it("goes on where it stopped", async () => {
      await capture.stop();
      await add("while it stood");
      capture = await database.capture();
      await add("after that");
      expect((await takeUntil("after that")).slice(-2)).toEqual(["while it stood", "after that"]);
    });

    it("lets the log go while only other tables are written to", async () => {
      await capture.stop();
      capture = await database.capture({ "heartbeat.interval.ms": "200" });
      await database.query("CREATE TABLE others AS SELECT repeat('x', 500) FROM generate_series(1, 2000)");
      const { rows } = await database.query("SELECT pg_current_wal_lsn() AS written");
      const [{ written }] = rows as [{ written: string }];
      await expect.poll(() => hasConfirmed(written), { timeout: 100_000, interval: 200 }).toBe(true);
    });

    const hasConfirmed = async (position: string) => {
      const { rows } = await database.query(
        "SELECT confirmed_flush_lsn >= $1 AS confirmed FROM pg_replication_slots WHERE slot_name = 'tidemark'",
        [position],
      );
      return (rows as [{ confirmed: boolean }])[0].confirmed;
    };

    it("fails where its slot was lost, and leaves out no change in silence", async () => {
      await capture.stop();
      // Until the server has seen that the reader is gone.
      const drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active";
      await expect.poll(async () => (await database.query(drop)).rowCount, { timeout: 10_000 }).toBe(1);
      await add("lost");
      capture = await database.capture();
      await expect(capture.next()).rejects.toThrow(/is no longer available on the server/);
    });
  });

  it("with schemas, the payload of events and a snapshot of both tables, contents first, makes what is recorded of that", async () => {
    await using database = await disposable();
    for (const statement of beforeTheCapture) await database.query(statement);
    const capture = await database.capture({
      "snapshot.include.collection.list": "public.content,public.engagement_events",
      "column.exclude.list": "",
      "key.converter.schemas.enable": "true",
      "value.converter.schemas.enable": "true",
    });
    const snapshot = await capture.take(2);
    for (const statement of recordedStatements) await database.query(statement);
    const records = [...snapshot, ...(await capture.take(recordedCount))];
    expect(timeless(records)).toEqual(timeless(recorded("changes-with-schema", records)));
  });

  it("needs no more of its role than to read the two tables and the log", async () => {
    await using database = await disposable();
    await database.query("CREATE TABLE others (id int)");
    const { rows: tables } = await database.query(
      "SELECT schemaname || '.' || tablename AS name FROM pg_publication_tables WHERE pubname = 'tidemark' ORDER BY 1",
    );
    expect(tables).toEqual([{ name: "public.content" }, { name: "public.engagement_events" }]);
    const { rows: rights } = await database.query(
      `SELECT table_name, privilege_type FROM information_schema.role_table_grants
         WHERE grantee = 'tidemark_capture' ORDER BY 1`,
    );
    expect(rights).toEqual([
      { table_name: "content", privilege_type: "SELECT" },
      { table_name: "engagement_events", privilege_type: "SELECT" },
    ]);
    const client = new Client({ connectionString: database.captureUrl });
    await client.connect();
    await expect(client.query("SELECT FROM others")).rejects.toThrow("permission denied");
    await expect(client.query("DELETE FROM content")).rejects.toThrow("permission denied");
    await client.end();
  });

  it("takes scripts that are run again, and then captures these two tables only", async () => {
    await using database = await disposable();
    await database.query("CREATE TABLE others (id int PRIMARY KEY)");
    await database.query("ALTER PUBLICATION tidemark ADD TABLE others");
    await runScripts(database);
    const { rows } = await database.query("SELECT count(*)::int AS tables FROM pg_publication_tables");
    expect(rows).toEqual([{ tables: 2 }]);
  });
});

async function disposable(): Promise<CaptureDatabase & AsyncDisposable> {
  const database = await startCaptureDatabase();
  return { ...database, [Symbol.asyncDispose]: () => database.stop() };
}
