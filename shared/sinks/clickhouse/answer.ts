import type { WriteOutcome } from "../../ports/result-store.ts";
import { tableScript } from "./table.ts";

/** What came back for an insert. `wasReset`: the connection broke, as one does that was kept too long. */
export type Answer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
      readonly body: string;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly wasReset: boolean };

type Answered = Extract<Answer, { kind: "answered" }>;

const excerptMax = 300;

/**
 * Error codes that say that a row is wrong, by the names that ClickHouse gives them. All others may pass or be mended: a code that isn't
 * known here costs a delay, never data. A body that ends too early (32, 33, 354) was cut on its way.
 *
 * @see https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
 */
const refusals: Readonly<Record<number, string>> = {
  6: "CANNOT_PARSE_TEXT",
  25: "CANNOT_PARSE_ESCAPE_SEQUENCE",
  26: "CANNOT_PARSE_QUOTED_STRING",
  27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
  38: "CANNOT_PARSE_DATE",
  41: "CANNOT_PARSE_DATETIME",
  53: "TYPE_MISMATCH",
  69: "ARGUMENT_OUT_OF_BOUND",
  70: "CANNOT_CONVERT_TYPE",
  72: "CANNOT_PARSE_NUMBER",
  117: "INCORRECT_DATA",
  131: "TOO_LARGE_STRING_SIZE",
  321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
  349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
  407: "DECIMAL_OVERFLOW",
  467: "CANNOT_PARSE_BOOL",
  469: "VIOLATED_CONSTRAINT",
  691: "UNKNOWN_ELEMENT_OF_ENUM",
};

const makeTable = `make the table as ${tableScript} does`;
const checkUser = "check the user name and the password";
const grantInsert = "grant the user INSERT on the table";

/** What an operator does about errors that stay until somebody does. */
const mends: Readonly<Record<number, string>> = {
  16: makeTable,
  48: makeTable,
  60: makeTable,
  81: makeTable,
  115: "it takes ClickHouse 22.2 or newer",
  164: "the user's profile must not be readonly",
  192: checkUser,
  193: checkUser,
  194: checkUser,
  291: grantInsert,
  452: "the user's profile must let inserts have settings",
  497: grantInsert,
  516: checkUser,
};

const mendsByStatus: Readonly<Record<number, string>> = { 401: checkUser, 403: checkUser, 404: "check the URL" };

/**
 * What an answer means for the rows that were sent. Accepted is only what ClickHouse itself says so of: 2xx, one of its headers, and no
 * text, for an exception may stand in the body of a 200. Too large for a proxy (413): refused, so that less is sent.
 */
export function outcomeOf(answer: Answer): WriteOutcome {
  if (answer.kind === "failed") return { kind: "unavailable", reason: answer.reason };
  const { status, body } = answer;
  const code = exceptionCode(answer);
  const isOk = status >= 200 && status < 300;
  if (code === undefined && isOk && body.trim() === "" && isOfClickHouse(answer)) return { kind: "accepted" };
  if ((code !== undefined && code in refusals) || (code === undefined && status === 413)) {
    return { kind: "refused", reason: describe(answer, code) };
  }
  const mend = code === undefined ? mendOf(answer) : mends[code];
  return { kind: "unavailable", reason: describe(answer, code) + (mend ? ` (${mend})` : "") };
}

/** From the header, or from the text, as older servers and answers that were begun before the exception have it there only. */
function exceptionCode({ headers, body }: Answered): number | undefined {
  const code = headers["x-clickhouse-exception-code"] ?? /\bCode: (\d+)[.,]/.exec(body)?.[1];
  return code === undefined ? undefined : Number(code);
}

function isOfClickHouse({ headers }: Answered): boolean {
  return Object.keys(headers).some((name) => name.startsWith("x-clickhouse-"));
}

function mendOf({ status }: Answered): string | undefined {
  if (status >= 200 && status < 300) return "that is not what ClickHouse answers to an insert; check the URL";
  if (status >= 300 && status < 400) return "redirects are not followed; check the URL";
  return mendsByStatus[status];
}

function describe({ status, body }: Answered, code: number | undefined): string {
  const excerpt = body
    .slice(0, excerptMax)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, " ")
    .trim();
  const named = code === undefined || excerpt.includes(`Code: ${code}`) ? "" : `, code ${code}`;
  return `status ${status}${named}${excerpt && `: ${excerpt}`}`;
}
