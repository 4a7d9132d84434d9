import * as z from "zod/mini";
import { idBytesMax, utf8Length } from "../../shared/core/record.ts";

/** A whole number in decimal digits, without a sign, leading zeros or anything around it. */
export function wholeNumber(min: number, max: number, description: string) {
  const message = `must be a whole number from ${min} to ${max}`;
  const digits = z.string(message).check(z.regex(/^(0|[1-9]\d{0,14})$/, message));
  const number = z.int(message).check(z.gte(min, message), z.lte(max, message), z.describe(description));
  return z.pipe(z.pipe(digits, z.transform(Number)), number);
}

/**
 * The id of what a path is about, which `what` names in a sentence. Any text that a record's id may be, but for two: API Gateway cuts a
 * path at a question mark, even an encoded one, and U+FFFD is what bytes that aren't UTF-8 have become by the time they come here. Neither
 * can be told from another id.
 */
export function idInPath(what: string) {
  const tooLong = `must be at most ${idBytesMax} bytes long in UTF-8`;
  const form = `Any text of 1 to ${idBytesMax} bytes in UTF-8 without question marks and U+FFFD`;
  return z.string().check(
    z.minLength(1, "must not be empty"),
    z.maxLength(idBytesMax, tooLong),
    z.refine((id) => utf8Length(id) <= idBytesMax, tooLong),
    z.refine((id) => !id.includes("\ufffd"), "must be valid UTF-8, percent-encoded"),
    z.regex(/^[^?]*$/, "must hold no question mark"),
    z.describe(`${what} ${form}, percent-encoded; slashes may stay as they are.`),
  );
}

/** An id as answers repeat it. */
export const idAnswered = z.string().check(z.describe("As it was asked for."));

/** An exact decimal, 0 or more, that no reader of JSON may round. */
export const decimalText = z.string().check(z.regex(/^\d+(\.\d+)?$/));

export const timeText = z
  .string()
  .check(
    z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/),
    z.describe("Seconds, with milliseconds only where they aren't zero."),
  );

export const problemSchema = z.object({
  type: z.string().check(z.describe("A URI that names the kind of problem; about:blank where the status says it all.")),
  title: z.string(),
  status: z.int().check(z.gte(400), z.lte(599)),
  detail: z.string(),
  parameter: z.optional(z.string().check(z.describe("The path or query parameter that can't be used."))),
  writtenAtMost: z.optional(
    z.int().check(z.gte(0), z.describe("How many messages may stand in the topic although the request failed.")),
  ),
});
