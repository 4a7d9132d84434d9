import { describe, expect, it } from "vitest";
import { type Answer, outcomeOf } from "../../../shared/sinks/clickhouse/answer.ts";

type Headers = Readonly<Record<string, string>>;

const ours = { "x-clickhouse-query-id": "1" };
const answered = (status: number, body = "", headers: Headers = ours): Answer => {
  return { kind: "answered", status, headers, body };
};
const thrown = (code: number, text = `Code: ${code}. DB::Exception: What is wrong. (TYPE) (version 26.9.2.1)\n`) => {
  return answered(500, text, { ...ours, "x-clickhouse-exception-code": String(code) });
};
const makeTable = "make the table as infra/clickhouse/events_enriched.sql does";

describe("outcomeOf", () => {
  it.each([
    ["200", answered(200)],
    ["another 2xx", answered(204)],
    ["blanks in the body", answered(200, "\n \r\n")],
    ["any header of ClickHouse", answered(200, "", { "x-clickhouse-summary": "{}" })],
  ])("accepts what ClickHouse says went well: %s", (_, answer) => {
    expect(outcomeOf(answer)).toEqual({ kind: "accepted" });
  });

  it.each([
    ["no header of ClickHouse", answered(200, "", { server: "awselb/2.0" })],
    ["no headers at all", answered(200, "", {})],
    ["a page", answered(200, "<html>Welcome</html>")],
    ["a page with its header", answered(200, "<html>Welcome</html>", ours)],
    ["what /ping answers", answered(200, "Ok.\n")],
  ])("doesn't take the success of somebody else for one: %s", (_, answer) => {
    const reason = expect.stringMatching(/^status 200.* \(that is not what ClickHouse answers .* check the URL\)$/);
    expect(outcomeOf(answer)).toEqual({ kind: "unavailable", reason });
  });

  it.each([6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 407, 467, 469, 691])(
    "refuses rows that are wrong: code %i",
    (code) => {
      const reason = `status 500: Code: ${code}. DB::Exception: What is wrong. (TYPE) (version 26.9.2.1)`;
      expect(outcomeOf(thrown(code))).toEqual({ kind: "refused", reason });
    },
  );

  it.each([
    [3, "a body that ended on its way"],
    [32, "the same"],
    [33, "the same"],
    [159, "a time-out"],
    [202, "too many queries"],
    [209, "a time-out between servers"],
    [210, "a network error between servers"],
    [225, "no keeper"],
    [241, "no memory"],
    [242, "a table that is read-only, as its keeper is away"],
    [243, "a full disk"],
    [252, "too many parts"],
    [285, "too few replicas"],
    [319, "nobody knows whether it was stored"],
    [354, "a broken gzip"],
    [394, "cancelled, as the server ends"],
    [439, "no thread"],
    [999, "an error of the keeper"],
    [1_002, "an unknown error"],
    [123_456, "a code of the future"],
  ])("waits for what may pass: code %i, %s", (code) => {
    const reason = `status 500: Code: ${code}. DB::Exception: What is wrong. (TYPE) (version 26.9.2.1)`;
    expect(outcomeOf(thrown(code))).toEqual({ kind: "unavailable", reason });
  });

  it.each([
    [16, makeTable],
    [48, makeTable],
    [60, makeTable],
    [81, makeTable],
    [115, "it takes ClickHouse 22.2 or newer"],
    [164, "the user's profile must not be readonly"],
    [192, "check the user name and the password"],
    [193, "check the user name and the password"],
    [194, "check the user name and the password"],
    [291, "grant the user INSERT on the table"],
    [452, "the user's profile must let inserts have settings"],
    [497, "grant the user INSERT on the table"],
    [516, "check the user name and the password"],
  ])("waits for what somebody must mend, and says how: code %i, %s", (code, mend) => {
    const reason = `status 500: Code: ${code}. DB::Exception: What is wrong. (TYPE) (version 26.9.2.1) (${mend})`;
    expect(outcomeOf(thrown(code))).toEqual({ kind: "unavailable", reason });
  });

  it("knows an exception without its header: from a server of 2021, and from an answer that had begun", () => {
    const old = answered(500, "Code: 60, e.displayText() = DB::Exception: Table doesn't exist (version 21.3.1.1)");
    expect(outcomeOf(old)).toEqual({ kind: "unavailable", reason: expect.stringContaining(makeTable) });
    const begun = answered(200, "__exception__\r\nabcdefgh\r\nCode: 27. DB::Exception: Cannot parse input");
    expect(outcomeOf(begun)).toEqual({
      kind: "refused",
      reason: "status 200: __exception__ abcdefgh Code: 27. DB::Exception: Cannot parse input",
    });
  });

  it("believes the header where the text says otherwise, and names a code that the text lacks", () => {
    expect(outcomeOf(thrown(252, "Code: 27. DB::Exception: quoted in another one")).kind).toBe("unavailable");
    expect(outcomeOf(thrown(27, ""))).toEqual({ kind: "refused", reason: "status 500, code 27" });
    expect(outcomeOf(thrown(252, "<html>"))).toEqual({ kind: "unavailable", reason: "status 500, code 252: <html>" });
  });

  it.each([
    [301, "status 301 (redirects are not followed; check the URL)"],
    [308, "status 308 (redirects are not followed; check the URL)"],
    [400, "status 400"],
    [401, "status 401 (check the user name and the password)"],
    [403, "status 403 (check the user name and the password)"],
    [404, "status 404 (check the URL)"],
    [429, "status 429"],
    [500, "status 500"],
    [502, "status 502"],
    [503, "status 503"],
  ])("waits where somebody before ClickHouse answers %i", (status, reason) => {
    expect(outcomeOf(answered(status, "", {}))).toEqual({ kind: "unavailable", reason });
  });

  it("refuses what is too large for a proxy, so that less is sent", () => {
    expect(outcomeOf(answered(413, "", {}))).toEqual({ kind: "refused", reason: "status 413" });
  });

  it("hands on why there was no answer", () => {
    const answer: Answer = { kind: "failed", reason: "no answer: ECONNREFUSED", wasReset: false };
    expect(outcomeOf(answer)).toEqual({ kind: "unavailable", reason: "no answer: ECONNREFUSED" });
  });

  it("quotes at most 300 characters, in one line", () => {
    const outcome = outcomeOf(answered(500, `a\u0000\r\n\tb${"x".repeat(1_000)}`, {}));
    expect(outcome).toEqual({ kind: "unavailable", reason: `status 500: a b${"x".repeat(294)}` });
  });
});
