import type { ClickHouseClient } from "@clickhouse/client";
import { StreamError } from "../../core/errors.ts";
import type { Column } from "../../core/row.ts";
import type { DurationMs } from "../../core/units.ts";
import type { Output } from "../../ports/output.ts";
import type { ResultStore, WriteOutcome } from "../../ports/result-store.ts";
import { type Answer, outcomeOf } from "./answer.ts";
import { insertRows, openClient } from "./http-insert.ts";
import { type Misfit, sortByFit } from "./misfits.ts";
import { serverUrl } from "./server-url.ts";
import { insertQuery, type TableSettings } from "./table.ts";

export interface ClickHouseSettings extends TableSettings {
  /** `https://HOST:PORT` of the HTTP interface: port 8443 by default, 8123 without encryption. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Certificate authorities in PEM that are trusted instead of the usual ones. */
  readonly ca?: string;
  /** Sends rows and password to hosts that aren't this machine without encryption. Off by default. */
  readonly allowPlainHttp?: boolean;
  /** How long one `write` may take, connecting included. Default 10 s. */
  readonly writeTimeout?: DurationMs;
}

const accepted: WriteOutcome = { kind: "accepted" };
const cutShort: WriteOutcome = { kind: "unavailable", reason: "cut short by this side" };

/** A table of ClickHouse whose engine keeps the highest revision of each row (`ReplacingMergeTree(revision)`), over HTTP. */
export class ClickHouseStore implements ResultStore {
  readonly #client: ClickHouseClient;
  readonly #query: string;
  readonly #columns: readonly Column[];
  readonly #writeTimeout: DurationMs;
  readonly #secrets: readonly string[];
  readonly #closing = new AbortController();

  /** @throws {StreamError} fault `bug`: a URL, user or name that can't be used; the message holds no password. */
  constructor(settings: ClickHouseSettings) {
    const { username, password, ca, allowPlainHttp = false, writeTimeout = 10_000, columns } = settings;
    if (username === "") throw new StreamError("bug", "ClickHouse: no user name is given");
    const url = serverUrl(settings.url, allowPlainHttp);
    this.#query = insertQuery(settings);
    this.#columns = columns;
    this.#writeTimeout = writeTimeout;
    this.#secrets = password === "" ? [] : [password, Buffer.from(`${username}:${password}`).toString("base64")];
    this.#client = openClient({ url, username, password, ca });
  }

  /** All in one insert. Names the outputs that the columns can't hold; what the server refuses is named where it is a single one. */
  async write(outputs: readonly Output[], signal?: AbortSignal): Promise<WriteOutcome> {
    const cut = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
    if (cut.aborted) return cutShort;
    const { fitting, misfits } = sortByFit(outputs, this.#columns);
    const outcome = fitting.length === 0 ? accepted : await this.#insert(fitting, cut);
    return misfits.length === 0 || outcome.kind === "unavailable" ? outcome : withMisfits(outcome, misfits);
  }

  /** Cuts all connections. A write that is still under way, and every later one, ends as `unavailable`. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client.close();
  }

  async #insert(outputs: readonly Output[], cut: AbortSignal): Promise<WriteOutcome> {
    const rows = outputs.map(({ body }) => `${JSON.stringify(body)}\n`).join("");
    const answer = await this.#send(rows, AbortSignal.any([cut, AbortSignal.timeout(this.#writeTimeout)]));
    if (answer.kind === "failed" && cut.aborted) return cutShort;
    const outcome = outcomeOf(this.#withoutSecrets(answer));
    const single = outputs.length === 1 ? outputs[0] : undefined;
    return outcome.kind === "refused" && single ? { ...outcome, ids: [single.id] } : outcome;
  }

  async #send(rows: string, limit: AbortSignal): Promise<Answer> {
    let answer = await insertRows(this.#client, this.#query, rows, limit);
    // Mostly a kept connection that died meanwhile. Were the rows stored before it broke, they are not stored again.
    if (answer.kind === "failed" && answer.wasReset) {
      answer = await insertRows(this.#client, this.#query, rows, limit);
    }
    if (answer.kind === "answered" || !limit.aborted) return answer;
    return { kind: "failed", reason: `not done within ${this.#writeTimeout} ms`, wasReset: false };
  }

  /** A proxy may show on its error page what it was sent. */
  #withoutSecrets(answer: Answer): Answer {
    if (answer.kind === "failed") return answer;
    const body = this.#secrets.reduce((text, secret) => text.replaceAll(secret, "[password]"), answer.body);
    return { ...answer, body };
  }
}

function withMisfits(
  outcome: Exclude<WriteOutcome, { kind: "unavailable" }>,
  misfits: readonly Misfit[],
): WriteOutcome {
  const reasons = new Set(misfits.map(({ reason }) => reason));
  const ids = misfits.map(({ id }) => id);
  if (outcome.kind === "accepted") return { kind: "refused", reason: [...reasons].join("; "), ids };
  const reason = [outcome.reason, ...reasons].join("; ");
  return { kind: "refused", reason, ...(outcome.ids && { ids: [...outcome.ids, ...ids] }) };
}
