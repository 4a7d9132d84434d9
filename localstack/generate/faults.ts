import { writtenNumber } from "./written-number.ts";

export type PayloadFields = Readonly<Record<string, unknown>>;

/** A way in which a producer breaks its promises: makes of a record's fields a value that no pipeline can use. */
export type Fault = (fields: PayloadFields) => string;

export const cutShort: Fault = (fields) => JSON.stringify(fields).slice(0, -12);
export const noJson: Fault = () => "this is no JSON";
export const inArray: Fault = (fields) => JSON.stringify([fields]);

export function without(name: string): Fault {
  return ({ [name]: _, ...others }) => JSON.stringify(others);
}

export function having(name: string, value: unknown): Fault {
  return (fields) => JSON.stringify({ ...fields, [name]: value });
}

/** Of a field that holds an id. */
export function idFaults(name: string): readonly Fault[] {
  return [without(name), ...[null, "", true, { id: 7 }, 1.5].map((value) => having(name, value))];
}

/** Of a field that holds an event time. */
export function timeFaults(name: string): readonly Fault[] {
  const noTimes = [null, true, "yesterday", "2026-02-30T12:00:00Z", "2024-01-01 12:00:00", "2024-01-01T24:00:00Z", 1.5];
  return [without(name), ...noTimes.map((value) => having(name, value))];
}

/** Of a field that holds an amount: no decimal, one of seven digits after the point, one of 19 digits. */
export function amountFaults(name: string): readonly Fault[] {
  const long = [writtenNumber("0.1234567"), "1234567890123456789", writtenNumber("1234567890123.456789")];
  return [true, "", "twelve", "12,50", "0x10", ...long].map((value) => having(name, value));
}
