import {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  readDecimal,
  timesInteger,
  zero,
} from "../../core/decimal.ts";
import {
  type JsonFields,
  parseValue,
  requiredCount,
  requiredDecimal,
  requiredId,
  requiredText,
  UnusableValue,
} from "../../core/record.ts";
import type { Column, Row } from "../../core/row.ts";
import { formatEventTime } from "../../core/time.ts";
import type { WallTimeMs } from "../../core/units.ts";
import type { FactContext, FactPipeline, FactRecord, Fold } from "../pipeline.ts";

/** A record of `purchases`: `{purchaseId, userId, productName, productType, value, quantity, total}`. */
export interface PurchaseRecord extends FactRecord {
  /** It has no event time: a purchase is never late. */
  readonly time: undefined;
  readonly userId: string;
  readonly productName: string;
  readonly productType: string;
  /** 0 or more. */
  readonly value: Decimal;
  /** A whole number from 1 up. */
  readonly quantity: number;
  /** `value` times `quantity`. */
  readonly total: Decimal;
}

export const purchasesTopic = "purchases";
export const purchaseRows = "purchases";

/** What stands in the dataset `purchases`. */
export const purchaseColumns: readonly Column[] = [
  { name: "purchaseId", type: "string", nullable: false },
  { name: "userId", type: "string", nullable: false },
  { name: "productName", type: "string", nullable: false },
  { name: "productType", type: "string", nullable: false },
  { name: "value", type: "decimal", nullable: false },
  { name: "quantity", type: "int64", nullable: false },
  { name: "total", type: "decimal", nullable: false },
  { name: "timestamp", type: "timestamp", nullable: false },
];

/** `purchases`, each `purchaseId` once and for ever, over all users; what a user owes in all, and for what. */
export function purchases() {
  return {
    kind: "facts",
    name: "purchases",
    sources: [purchasesTopic],
    scope: "partition",
    dataset: purchaseRows,
    columns: purchaseColumns,
    outputTopic: "processed-purchases",
    allowedLateness: 0,
    parse: (_: string, value: Uint8Array) => parseValue(value, readPurchase),
    isLate: () => false,
    row: purchaseRow,
    messageKey: ({ userId }) => userId,
    messageValue: "text",
    folds: [purchaseTotals],
  } as const satisfies FactPipeline<PurchaseRecord>;
}

/** What a user owes in all, as decimal text, which may have more digits than one amount; and for what. */
export const purchaseTotals: Fold<PurchaseRecord, string> = {
  name: "total",
  keyOf: ({ userId }) => userId,
  empty: formatDecimal(zero),
  add: (sum, purchases) =>
    formatDecimal(purchases.reduce((all, { total }) => addDecimals(all, total), readDecimal(sum))),
  entry: purchaseEntry,
};

function readPurchase(json: JsonFields): PurchaseRecord {
  const value = requiredDecimal(json, "value");
  const quantity = requiredCount(json, "quantity");
  const total = requiredDecimal(json, "total");
  if (value.units < 0n) throw new UnusableValue("malformed", `value is below zero: ${formatDecimal(value)}`);
  const product = timesInteger(value, BigInt(quantity));
  if (compareDecimals(product, total) !== 0) {
    const shown = [total, value, product].map(formatDecimal);
    throw new UnusableValue("malformed", `total is ${shown[0]}, but ${shown[1]} times ${quantity} is ${shown[2]}`);
  }
  return {
    id: requiredId(json, "purchaseId"),
    time: undefined,
    text: json.text,
    userId: requiredId(json, "userId"),
    productName: requiredText(json, "productName"),
    productType: requiredText(json, "productType"),
    value,
    quantity,
    total,
  };
}

function purchaseRow(purchase: PurchaseRecord, { timestamp }: Pick<FactContext<unknown>, "timestamp">): Row {
  const { id, userId, productName, productType, value, quantity, total } = purchase;
  return {
    ...{ purchaseId: id, userId, productName, productType, quantity, timestamp },
    value: formatDecimal(value),
    total: formatDecimal(total),
  };
}

/** What the history of a user shows of a purchase. */
function purchaseEntry(purchase: PurchaseRecord, timestamp: WallTimeMs) {
  const { id, productName, productType, value, quantity, total } = purchase;
  return {
    ...{ purchaseId: id, productName, productType, value: formatDecimal(value), quantity, total: formatDecimal(total) },
    timestamp: formatEventTime(timestamp),
  };
}
