import { utf8Length } from "../../core/record.ts";
import { packedLength, packUuid } from "./packed-uuid.ts";

/**
 * The ids of a window's events, as the two texts that are stored. They make up nearly all of a state, which is read and written with
 * every batch: so they are short, never hashed, and never encoded twice.
 */
export interface KnownIds {
  readonly count: number;
  /** UUIDs as `packUuid` has them, with nothing between. */
  readonly uuids: string;
  /** All other ids, each with a comma behind it: `evt_1,evt_2,`. */
  readonly others: string;
}

export const noIds: KnownIds = { count: 0, uuids: "", others: "" };

/** What the texts say, ready to be asked. Made only when somebody asks: whoever just shows a result never does. */
interface Index {
  readonly tokens: Set<string>;
  /** What both texts take in JSON, in bytes, without their quotes. */
  bytes: number;
}

/** `withId` hands the index on to the ids that it makes. Whoever goes on asking the former ones gets an index of its own. */
const indexes = new WeakMap<KnownIds, Index>();

/** An id as it stands in its text. That of a UUID has no comma, any other has one at its end: no two ids share a token. */
export function tokenOf(id: string): string {
  return packUuid(id) ?? `${id.replaceAll("~", "~0").replaceAll(",", "~1")},`;
}

export function hasToken(ids: KnownIds, token: string): boolean {
  return indexOf(ids).tokens.has(token);
}

/** With one more id, which must not be known yet. */
export function withToken(ids: KnownIds, token: string): KnownIds {
  const index = indexOf(ids);
  index.tokens.add(token);
  index.bytes += tokenBytes(token);
  const next = isUuid(token)
    ? { count: ids.count + 1, uuids: ids.uuids + token, others: ids.others }
    : { count: ids.count + 1, uuids: ids.uuids, others: ids.others + token };
  indexes.delete(ids);
  indexes.set(next, index);
  return next;
}

/** What the ids would take in JSON with one more, in bytes. It depends on which ids they are, not on how they came. */
export function bytesWith(ids: KnownIds, token: string): number {
  return indexOf(ids).bytes + tokenBytes(token);
}

function isUuid(token: string): boolean {
  return !token.endsWith(",");
}

function tokenBytes(token: string): number {
  return isUuid(token) ? packedLength : jsonBytes(token);
}

/** Without the quotes. */
function jsonBytes(text: string): number {
  return utf8Length(JSON.stringify(text)) - 2;
}

function indexOf(ids: KnownIds): Index {
  const known = indexes.get(ids);
  if (known) return known;
  const { uuids, others } = ids;
  const index = { tokens: readTokens(uuids, others), bytes: uuids.length + jsonBytes(others) };
  indexes.set(ids, index);
  return index;
}

function readTokens(uuids: string, others: string): Set<string> {
  const tokens = new Set<string>();
  for (let at = 0; at < uuids.length; at += packedLength) tokens.add(uuids.slice(at, at + packedLength));
  for (let at = 0; at < others.length; ) {
    const end = others.indexOf(",", at) + 1;
    tokens.add(others.slice(at, end));
    at = end;
  }
  return tokens;
}
