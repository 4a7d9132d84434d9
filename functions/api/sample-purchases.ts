import { type Decimal, formatDecimal, timesInteger } from "../../shared/core/decimal.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import { purchasesTopic } from "../../shared/pipelines/purchases/purchases.ts";
import type { TopicMessage } from "../../shared/ports/producer.ts";

/** Where random purchases come from. */
export interface Chance {
  /** At least 0, less than 1. */
  fraction(): number;
  uuid(): string;
}

export interface SamplePurchase {
  readonly purchaseId: string;
  readonly userId: string;
  readonly productName: string;
  readonly productType: string;
  readonly value: Decimal;
  readonly quantity: number;
}

const products = [
  ["Laptop", "Electronics"],
  ["Phone", "Electronics"],
  ["Tablet", "Computing"],
  ["Monitor", "Display"],
  ["Television", "Display"],
  ["Headphones", "Audio"],
  ["Speaker", "Audio"],
  ["Keyboard", "Accessories"],
  ["Mouse", "Accessories"],
  ["Charger", "Accessories"],
] as const;

/** A purchase of 1 to 5 of a product, at 10.00 to 1000.00 each. */
export function randomPurchase(userId: string, chance: Chance): SamplePurchase {
  const [productName, productType] = products[integer(chance, 0, products.length - 1)] as (typeof products)[number];
  return {
    purchaseId: chance.uuid(),
    userId,
    productName,
    productType,
    value: { units: BigInt(integer(chance, 1_000, 100_000)), scale: 2 },
    quantity: integer(chance, 1, 5),
  };
}

/** The purchase that is sent again and again to show that it counts once. */
export function knownPurchase(userId: string, chance: Chance): SamplePurchase {
  const value = { units: 5_000n, scale: 2 };
  return {
    purchaseId: chance.uuid(),
    userId,
    productName: "Laptop",
    productType: "Electronics",
    value,
    quantity: 2,
  };
}

/** `id`: of the message, which tells it apart from others about the same purchase. */
export function purchaseMessage(purchase: SamplePurchase, id: string, timestamp: WallTimeMs): TopicMessage {
  const { purchaseId, userId, productName, productType, value, quantity } = purchase;
  const total = timesInteger(value, BigInt(quantity));
  const texts = JSON.stringify({ purchaseId, userId, productName, productType });
  // Amounts are numbers with both their decimals, which JSON.stringify can't be told to write.
  const numbers = `"value":${formatDecimal(value)},"quantity":${quantity},"total":${formatDecimal(total)}`;
  return { id, topic: purchasesTopic, key: userId, value: `${texts.slice(0, -1)},${numbers}}`, timestamp };
}

/** Both ends in. */
function integer(chance: Chance, from: number, to: number): number {
  return from + Math.floor(chance.fraction() * (to - from + 1));
}
