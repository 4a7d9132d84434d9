import {
  cutShort,
  type Fault,
  having,
  idFaults,
  inArray,
  noJson,
  type PayloadFields,
  timeFaults,
  without,
} from "./faults.ts";
import { writtenNumber } from "./written-number.ts";

type Side = "before" | "after";

/** An integer of 64 bits has 9223372036854775807 as its greatest. */
const noBigints = ["abc", "007", "1e3", writtenNumber("9223372036854775808"), "-9223372036854775809"];
const noTimes = ["infinity", "-infinity", "infinite", -1, writtenNumber("9223372036825200000"), {}];
const noWholeNumbers = [1.5, true, "many", [7_000], writtenNumber("1e30")];

const anyFaults: readonly Fault[] = [
  ...[cutShort, noJson, inArray],
  ...[without("op"), having("op", null), having("op", 7)].map(inChange),
];

/** Of a row of `engagement_events` that was created. */
export const eventFaults: readonly Fault[] = [
  ...anyFaults,
  // A row alone, as it comes from a connector that takes the rest away.
  (fields) => JSON.stringify((isWrapped(fields) ? fields.payload : fields).after),
  ...noRow("after"),
  ...["id", "content_id"].flatMap(bigintFaults).map(inRow("after")),
  ...idFaults("user_id").map(inRow("after")),
  ...[without("event_type"), having("event_type", null), having("event_type", 7)].map(inRow("after")),
  ...[...timeFaults("event_ts"), ...noTimes.map((value) => having("event_ts", value))].map(inRow("after")),
  ...noWholeNumbers.map((value) => having("duration_ms", value)).map(inRow("after")),
  ...[7, true, {}].map((value) => having("device", value)).map(inRow("after")),
];

/** Of a row of `content`, as it is now. */
export const contentFaults: readonly Fault[] = [
  ...anyFaults,
  ...noRow("after"),
  ...bigintFaults("content_id").map(inRow("after")),
  ...[without("content_type"), having("content_type", null), having("content_type", 7)].map(inRow("after")),
  ...noWholeNumbers.map((value) => having("length_seconds", value)).map(inRow("after")),
];

/** Of a row of `content` that was deleted. Without its replica identity nothing tells which one it was. */
export const deletionFaults: readonly Fault[] = [
  ...anyFaults,
  ...noRow("before"),
  ...bigintFaults("content_id").map(inRow("before")),
];

function noRow(side: Side): Fault[] {
  return [without(side), ...[null, [], 7, "gone"].map((value) => having(side, value))].map(inChange);
}

function bigintFaults(column: string): Fault[] {
  return [...idFaults(column), ...noBigints.map((value) => having(column, value))];
}

/** The fault of a change, whether or not a schema stands before it. */
function inChange(fault: Fault): Fault {
  return (fields) => (isWrapped(fields) ? withText(fields, "payload", fault(fields.payload)) : fault(fields));
}

function inRow(side: Side): (fault: Fault) => Fault {
  return (fault) => inChange((change) => withText(change, side, fault(change[side] as PayloadFields)));
}

/** The fields as JSON, of which one is written as `text`: numbers in it stay as they are. */
function withText(fields: PayloadFields, name: string, text: string): string {
  return JSON.stringify({ ...fields, [name]: hole }).replace(JSON.stringify(hole), () => text);
}
const hole = "a hole that no value is like";

function isWrapped(fields: PayloadFields): fields is PayloadFields & { readonly payload: PayloadFields } {
  return "schema" in fields;
}
