import { StreamError } from "./errors.ts";
import { utf8Length } from "./record.ts";

/** Where a store that writes files keeps what isn't whole yet. */
export const unfinishedFolder = ".tmp";

/** S3 takes keys of 1,024 bytes, file systems names of 255 bytes between two slashes. */
const nameBytesMax = 1_024;
const partBytesMax = 255;
/** Control characters can't stand in the XML that S3 lists objects in; a backslash is a separator on some systems. */
const forbidden = /[\p{Cc}\\]/u;

/**
 * Passes a name that every object store can hold, as the same object: relative, `/`-separated, without empty, `.` or `..` parts.
 * @throws {StreamError} fault `bug`: it isn't one. Names are made by this project; what is sent in must not get into one unchecked.
 */
export function checkObjectName(name: string): string {
  const flaw = flawOf(name);
  if (flaw === undefined) return name;
  const shown = name.length > 200 ? `${name.slice(0, 200).toWellFormed()}...` : name;
  throw new StreamError("bug", `object name ${JSON.stringify(shown)}: ${flaw}`);
}

function flawOf(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (!name.isWellFormed()) return "it holds half of a surrogate pair";
  if (forbidden.test(name)) return "it holds a backslash or a control character";
  if (utf8Length(name) > nameBytesMax) return `it is longer than ${nameBytesMax} bytes`;
  const parts = name.split("/");
  if (parts[0] === "") return "it begins with a slash";
  if (parts.includes("")) return "a part of it is empty";
  if (parts.includes(".") || parts.includes("..")) return "a part of it is . or ..";
  if (parts.some((part) => utf8Length(part) > partBytesMax)) return `a part of it is longer than ${partBytesMax} bytes`;
  if (parts[0] === unfinishedFolder) return `${unfinishedFolder}/ is for objects that aren't whole yet`;
  return undefined;
}
