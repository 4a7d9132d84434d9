import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { StreamError } from "../../shared/core/errors.ts";
import { selfSigned } from "../support/self-signed.ts";
import { idsIn, openWay, type RowsWorld, startRowsWorld, type Way, year } from "./postgres-rows-world.ts";
import { findPostgres } from "./requirements.ts";

const found = findPostgres();
const skip = "skipped" in found ? found.skipped : undefined;
const six = ["1", "2", "3", "4", "5", "6"];
const ours = "application_name = 'tidemark-backfill'";

describe.skipIf(skip)(`PostgresEventRows, where something fails${skip ? ` (skipped: ${skip})` : ""}`, () => {
  let world: RowsWorld;
  let way: Way;

  beforeAll(async () => {
    world = await startRowsWorld();
    way = await openWay(world.port);
  }, 60_000);
  beforeEach(() =>
    world.query(
      `TRUNCATE engagement_events;
       INSERT INTO engagement_events (id, content_id, user_id, event_type, event_ts)
       SELECT id, 1, 'user', 'play', '2024-06-01Z' FROM generate_series(1, 6) id`,
    ),
  );
  afterAll(async () => {
    await way?.cut();
    await world?.stop();
  });

  const urlOfWay = () => world.readerUrl.replace(`:${world.port}/`, `:${way.port}/`);
  const disconnect = () => world.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ours}`);
  /** The process that waits for a lock in behalf of a reader. */
  const waiting = async () => {
    const { rows } = await world.query(`SELECT pid FROM pg_stat_activity WHERE ${ours} AND wait_event_type = 'Lock'`);
    return rows[0]?.pid as number | undefined;
  };
  const untilOneWaits = async (before?: number) => {
    const wait = { timeout: 20_000, interval: 20 };
    await expect.poll(waiting, wait).toSatisfy((pid: number | undefined) => pid !== undefined && pid !== before);
    return waiting();
  };

  /** Holds the events against everybody. */
  async function lock(): Promise<{ release(): Promise<void> }> {
    const holder = new Client(world.url);
    await holder.connect();
    await holder.query("BEGIN; LOCK TABLE engagement_events");
    return { release: () => holder.end() };
  }

  /** What is said of a failure. */
  async function messageOf(work: Promise<unknown>): Promise<string> {
    const error = await work.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StreamError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/of(%20| )rows/);
    return (error as StreamError).message.replace(/127\.0\.0\.1:\d+/g, "HOST");
  }

  describe("goes on where it stood", () => {
    it("after its connection was ended between two portions", async () => {
      const ids: string[] = [];
      for await (const rows of world.open().read(year, 2)) {
        ids.push(...rows.map(({ id }) => id));
        await disconnect();
      }
      expect(ids).toEqual(six);
    });

    it("after its connection broke in the middle of a question", async () => {
      const rows = world.open().read(year, 2);
      await rows.next();
      const { release } = await lock();
      const rest = Array.fromAsync(rows);
      await untilOneWaits();
      await disconnect();
      await release();
      expect((await rest).flat().map(({ id }) => id)).toEqual(["3", "4", "5", "6"]);
    });

    it("after a question took longer than it may", async () => {
      const rows = world.open({ pageTimeout: 500 }).read(year, 2);
      await rows.next();
      const { release } = await lock();
      const rest = Array.fromAsync(rows);
      await untilOneWaits(await untilOneWaits());
      await release();
      expect((await rest).flat().map(({ id }) => id)).toEqual(["3", "4", "5", "6"]);
    });

    it("after the server was out of reach for a while", async () => {
      const ids: string[] = [];
      for await (const rows of world.open({ url: urlOfWay() }).read(year, 4)) {
        ids.push(...rows.map(({ id }) => id));
        if (ids.length > 4) continue;
        await way.cut();
        setTimeout(() => way.restore(), 300);
      }
      expect(ids).toEqual(six);
    });
  });

  describe("says what is to be done", () => {
    const databaseOf = async (name: string, script: string) => {
      await world.query(`CREATE DATABASE ${name}`);
      const inIt = world.url.replace(/postgres$/, name);
      const client = new Client(inIt);
      await client.connect();
      await client.query(script);
      await client.end();
      return world.readerUrl.replace(/postgres$/, name);
    };
    /** Both must say it: a read of an empty range says nothing more than a count. */
    const sayingOf = async (url: string) => {
      const [count, read] = [messageOf(world.open({ url }).count(year)), messageOf(idsIn(world.open({ url }), year))];
      expect(await count).toBe(await read);
      return read;
    };

    it.each([
      [
        "a wrong password",
        "of%20rows",
        "wrong",
        'password authentication failed for user "reader" [28P01] (check the user and the password in the URL, and pg_hba.conf)',
      ],
      [
        "no password",
        ":of%20rows",
        "",
        "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string (check the user and the password in the URL, and pg_hba.conf)",
      ],
      [
        "an unknown user",
        "reader:",
        "nobody:",
        'password authentication failed for user "nobody" [28P01] (check the user and the password in the URL, and pg_hba.conf)',
      ],
    ])("about %s", async (_, given, instead, said) => {
      expect(await sayingOf(world.readerUrl.replace(given, instead))).toBe(`Postgres HOST/postgres: ${said}`);
    });

    it("about a database that isn't there", async () => {
      const said = 'database "nowhere" does not exist [3D000] (check the database in the URL)';
      expect(await sayingOf(world.readerUrl.replace(/postgres$/, "nowhere"))).toBe(`Postgres HOST/nowhere: ${said}`);
    });

    it("about tables that aren't there, or are others", async () => {
      const mend = "(are the tables those of infra/capture/tables.sql?)";
      const none = await databaseOf("without_tables", "");
      expect(await sayingOf(none)).toBe(
        `Postgres HOST/without_tables: relation "public.engagement_events" does not exist [42P01] ${mend}`,
      );
      const events =
        "CREATE TABLE engagement_events (id bigint, event_ts timestamptz); GRANT SELECT ON engagement_events TO reader;";
      const row = "INSERT INTO engagement_events VALUES (1, '2024-06-01Z')";
      const other = await databaseOf("with_other_tables", events + row);
      expect(await messageOf(idsIn(world.open({ url: other }), year))).toBe(
        `Postgres HOST/with_other_tables: column "content_id" does not exist [42703] ${mend}`,
      );
    });

    it("about a right that the user hasn't got", async () => {
      const grant =
        'GRANT USAGE ON SCHEMA public TO "reader"; GRANT SELECT ON public.engagement_events, public.content TO "reader"';
      await world.query("REVOKE SELECT ON content FROM reader");
      expect(await messageOf(idsIn(world.open(), year))).toBe(
        `Postgres HOST/postgres: permission denied for table content [42501] (${grant})`,
      );
      await world.query("REVOKE SELECT ON engagement_events FROM reader");
      expect(await sayingOf(world.readerUrl)).toBe(
        `Postgres HOST/postgres: permission denied for table engagement_events [42501] (${grant})`,
      );
      await world.query(grant);
      expect(await idsIn(world.open(), year)).toEqual(six);
    });

    it("about tables that are views which write", async () => {
      const url = await databaseOf(
        "with_views",
        `CREATE SEQUENCE reads; GRANT ALL ON reads TO reader;
         CREATE VIEW engagement_events AS SELECT nextval('reads') AS id, timestamptz '2024-06-01Z' AS event_ts;
         GRANT SELECT ON engagement_events TO reader`,
      );
      expect(await messageOf(idsIn(world.open({ url }), year))).toBe(
        "Postgres HOST/with_views: cannot execute nextval() in a read-only transaction [25006]",
      );
    });
  });

  describe("gives up", () => {
    it("at once where nobody answers from the beginning", async () => {
      await way.cut();
      const said = "Postgres HOST/postgres: connect ECONNREFUSED HOST";
      expect(await messageOf(world.open({ url: urlOfWay() }).count(year))).toBe(said);
      expect(await messageOf(idsIn(world.open({ url: urlOfWay() }), year))).toBe(said);
      await way.restore();
    });

    it("when its patience is at an end, and says from where on nothing is read", async () => {
      const rows = world.open({ url: urlOfWay(), patience: 300 }).read(year, 4);
      await rows.next();
      await way.cut();
      expect(await messageOf(rows.next())).toBe(
        "Postgres HOST/postgres: no rows after id 4 for 300ms; the last failure: connect ECONNREFUSED HOST",
      );
      await way.restore();
      expect(await rows.next()).toEqual({ done: true, value: undefined });
    });

    it("when it is closed, with what is under way and with what comes later", async () => {
      const reader = world.open();
      const rows = reader.read(year, 4);
      await rows.next();
      const { release } = await lock();
      const second = messageOf(rows.next());
      await untilOneWaits();
      await reader.close();
      expect(await second).toBe("Postgres HOST/postgres: closed while rows after id 4 were read");
      await release();
      expect(await messageOf(reader.count(year))).toBe("Postgres HOST/postgres: closed");
      expect(await messageOf(idsIn(reader, year))).toBe("Postgres HOST/postgres: closed");
    });

    it("when it is closed while it waits for a server to come back", async () => {
      const reader = world.open({ url: urlOfWay() });
      const rows = reader.read(year, 4);
      await rows.next();
      await way.cut();
      const second = messageOf(rows.next());
      await sleep(200);
      await reader.close();
      expect(await second).toBe("Postgres HOST/postgres: closed while rows after id 4 were read");
      await way.restore();
    });
  });

  it("ends its connection where the other side has fallen silent", async () => {
    const rows = world.open({ url: urlOfWay() }).read(year, 4);
    await rows.next();
    way.silence();
    expect(await rows.return(undefined)).toEqual({ done: true, value: undefined });
  });

  const authority = selfSigned();
  const skipTls = authority ? undefined : "there is no openssl";
  describe.skipIf(skipTls)(`over TLS${skipTls ? ` (skipped: ${skipTls})` : ""}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "tidemark-"));
    const file = join(folder, "authority.pem");

    beforeAll(async () => {
      writeFileSync(file, `${authority?.cert}`);
      const put = (text: string | undefined, name: string) =>
        world.query(
          `COPY (SELECT line FROM unnest(string_to_array('${text}', E'\n')) AS line) TO PROGRAM 'cat >${name}; chmod 600 ${name}'`,
        );
      await put(authority?.cert, "server.crt");
      await put(authority?.key, "server.key");
      await world.query("ALTER SYSTEM SET ssl = on");
      await world.query("SELECT pg_reload_conf()");
      await vi.waitFor(() => idsIn(world.open({ url: urlWith("require") }), year), 10_000);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    const urlWith = (sslmode: string, host = "127.0.0.1") =>
      `${world.readerUrl.replace("127.0.0.1", host)}?sslmode=${sslmode}`;
    const isEncrypted = async (url: string) => {
      const rows = world.open({ url }).read(year, 4);
      await rows.next();
      const found = await world.query(
        `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ${ours} ORDER BY backend_start DESC LIMIT 1`,
      );
      await rows.return(undefined);
      return found.rows;
    };

    it("encrypts where it is asked to, and not on this machine where it isn't", async () => {
      expect(await isEncrypted(urlWith("require"))).toEqual([{ ssl: true }]);
      expect(await isEncrypted(`${urlWith("verify-full")}&sslrootcert=${file}`)).toEqual([{ ssl: true }]);
      expect(await isEncrypted(world.readerUrl)).toEqual([{ ssl: false }]);
    });

    it("trusts no certificate that no known authority vouches for", async () => {
      const said = await messageOf(idsIn(world.open({ url: urlWith("verify-full") }), year));
      expect(said).toMatch(/^Postgres HOST\/postgres: self-signed certificate\b/);
      expect(said).toContain(
        "(sslrootcert=FILE in the URL names the authority to trust; for Amazon RDS that is its global-bundle.pem)",
      );
    });

    it("trusts no certificate of another host, save where only the authority counts", async () => {
      const elsewhere = (mode: string) => `${urlWith(mode, "127.1")}&sslrootcert=${file}`;
      expect(await messageOf(idsIn(world.open({ url: elsewhere("verify-full") }), year))).toContain(
        "Host: 127.1. is not in the cert's altnames: DNS:localhost, IP Address:127.0.0.1 (use the name that the certificate has)",
      );
      expect(await idsIn(world.open({ url: elsewhere("verify-ca") }), year)).toEqual(six);
    });

    it("falls back to nothing where the server has no TLS", async () => {
      await world.query("ALTER SYSTEM SET ssl = off");
      await world.query("SELECT pg_reload_conf()");
      await expect
        .poll(() => messageOf(idsIn(world.open({ url: urlWith("require") }), year)))
        .toBe(
          "Postgres HOST/postgres: The server does not support SSL connections (sslmode=disable in the URL does without)",
        );
    });
  });
});
