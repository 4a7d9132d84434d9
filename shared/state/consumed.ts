import type { ConsumedCapacity } from "@aws-sdk/client-dynamodb";
import type { Item } from "./items.ts";

/** Told of the read or write units that a request was billed for. */
export type OnConsumed = (kind: "read" | "write", units: number) => void;

/** DynamoDB tells units where it is asked to; it isn't asked where nobody wants to know. */
export function askForUnits(onConsumed: OnConsumed | undefined): { readonly ReturnConsumedCapacity?: "TOTAL" } {
  return onConsumed ? { ReturnConsumedCapacity: "TOTAL" } : {};
}

export function tellUnits(
  onConsumed: OnConsumed | undefined,
  kind: "read" | "write",
  consumed: ConsumedCapacity | readonly ConsumedCapacity[] | undefined,
): void {
  if (!onConsumed || !consumed) return;
  const all = Array.isArray(consumed) ? consumed : [consumed];
  onConsumed(
    kind,
    all.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0),
  );
}

/**
 * What a write was billed for whose condition didn't hold, of which DynamoDB says nothing: the size of the item that it met, one unit where
 * there is none.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function unitsOfFailedWrite(found: Item | undefined): number {
  return found ? Math.ceil(itemBytes(found) / 1_024) : 1;
}

/** Names and values; a number about a byte for two digits, and one more. */
function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, { S, N }]) => {
    return sum + name.length + (S === undefined ? Math.ceil((N?.length ?? 0) / 2) + 1 : Buffer.byteLength(S));
  }, 0);
}
