import { type Accepted, type Answer, judgeRecords, listOf, type OracleLine } from "./judge-records.ts";
import { decimalIn, decimalText } from "./oracle-decimal.ts";
import { idIn, NumberText, textIn } from "./oracle-json.ts";

/** The amounts are exact, without zeros that say nothing. */
export interface PurchaseRow {
  readonly purchaseId: string;
  readonly userId: string;
  readonly productName: string;
  readonly productType: string;
  readonly value: string;
  readonly quantity: number;
  readonly total: string;
  /** The record's own. */
  readonly timestamp: number;
}

/** What a user owes, and for what. */
export interface UserPurchases {
  readonly totalDebt: string;
  readonly purchaseCount: number;
  /** Newest first: by the record's timestamp, then its offset, then its partition. */
  readonly purchases: readonly PurchaseRow[];
}

export interface PurchasesAnswer extends Answer<PurchaseRow> {
  /** By user. */
  readonly views: Readonly<Record<string, UserPurchases>>;
}

/** The amounts are in millionths. */
interface Purchase {
  readonly time: null;
  readonly id: string;
  readonly user: string;
  readonly productName: string;
  readonly productType: string;
  readonly value: bigint;
  readonly quantity: bigint;
  readonly total: bigint;
}

const topic = "purchases";

/**
 * What the purchases pipeline has to make of a record file, straight from the words of semantics.md. No time, no watermark: nothing is
 * late or ahead. The rows are in the order in which they came.
 */
export function judgePurchases(lines: Iterable<OracleLine | string>): PurchasesAnswer {
  const { fates, accepted, counts } = judgeRecords<Purchase>(lines, {
    topics: [topic],
    read: readPurchase,
    identity: ({ id }) => id,
    watermark: () => null,
    isLate: () => false,
    remembersForEver: true,
    maxFutureSkew: 0,
  });
  return { fates, rows: accepted.map(rowOf), counts, views: viewsOf(accepted) };
}

function readPurchase(fields: Readonly<Record<string, unknown>>): Purchase | undefined {
  const id = idIn(fields.purchaseId);
  const user = idIn(fields.userId);
  const productName = textIn(fields.productName);
  const productType = textIn(fields.productType);
  const value = decimalIn(fields.value);
  const quantity = wholeIn(fields.quantity);
  const total = decimalIn(fields.total);
  if (id === undefined || user === undefined || productName === undefined || productType === undefined)
    return undefined;
  if (value === undefined || quantity === undefined || total === undefined) return undefined;
  if (value < 0n || quantity < 1n || total !== value * quantity) return undefined;
  return { time: null, id, user, productName, productType, value, quantity, total };
}

/** A whole JSON number that a double holds exactly, by value: 2.0 is one. */
function wholeIn(value: unknown): bigint | undefined {
  const millionths = value instanceof NumberText ? decimalIn(value) : undefined;
  if (millionths === undefined || millionths % 1_000_000n !== 0n) return undefined;
  const whole = millionths / 1_000_000n;
  return Number.isSafeInteger(Number(whole)) ? whole : undefined;
}

function rowOf(purchase: Accepted<Purchase>): PurchaseRow {
  const { id, user, productName, productType, value, quantity, total, record } = purchase;
  return {
    purchaseId: id,
    userId: user,
    productName,
    productType,
    value: decimalText(value),
    quantity: Number(quantity),
    total: decimalText(total),
    timestamp: record.ts,
  };
}

function viewsOf(accepted: readonly Accepted<Purchase>[]): Record<string, UserPurchases> {
  const byUser = new Map<string, Accepted<Purchase>[]>();
  for (const purchase of accepted) listOf(byUser, purchase.user).push(purchase);
  return Object.fromEntries(Array.from(byUser, ([user, purchases]) => [user, viewOf(purchases)]));
}

function viewOf(purchases: readonly Accepted<Purchase>[]): UserPurchases {
  const newestFirst = purchases.toSorted(({ record: a }, { record: b }) => {
    return b.ts - a.ts || b.offset - a.offset || b.partition - a.partition;
  });
  return {
    totalDebt: decimalText(purchases.reduce((sum, { total }) => sum + total, 0n)),
    purchaseCount: purchases.length,
    purchases: newestFirst.map(rowOf),
  };
}
