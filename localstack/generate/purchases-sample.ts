import { purchasesTopic } from "../../shared/pipelines/purchases/purchases.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { recordSample, type SampleRecord } from "./sample-log.ts";
import { writtenNumber } from "./written-number.ts";

/** Twelve purchases of three users. user_1 owes 100.00 for one purchase, user_2 60.27 for two, user_3 10.00 for one. */
export const purchasesSample: readonly RecordLine[] = recordSample(purchasesTopic, [
  // One purchase, produced five times: the first counts, the others are duplicates.
  ...[1, 2, 3, 4, 5].map((second) =>
    purchase(`12:00:0${second}`, "purchase_1", "user_1", "Laptop", "Electronics", ["50.00", "2", "100.00"]),
  ),
  purchase("12:01:01", "purchase_2", "user_2", "Mouse", "Accessories", ["19.99", "3", "59.97"]),
  // In floating point three times 0.1 is more than 0.3.
  purchase("12:01:02", "purchase_3", "user_2", "Charger", "Accessories", ["0.1", "3", "0.3"]),
  // A duplicate in another partition.
  purchase("12:01:03", "purchase_2", "user_2", "Mouse", "Accessories", ["19.99", "3", "59.97"], null),
  // Three that are malformed: a total that is another, half a headphone, and a value below zero.
  purchase("12:02:01", "purchase_4", "user_3", "Headphones", "Audio", ["5.00", "2", "10.01"]),
  purchase("12:02:02", "purchase_5", "user_3", "Headphones", "Audio", ["5.00", "1.5", "7.50"]),
  purchase("12:02:03", "purchase_6", "user_3", "Headphones", "Audio", ["-5.00", "2", "-10.00"]),
  // What was malformed was never known: put right it counts.
  purchase("12:02:04", "purchase_4", "user_3", "Headphones", "Audio", ["5.00", "2", "10.00"]),
]);

function purchase(
  sent: string,
  purchaseId: string,
  userId: string,
  productName: string,
  productType: string,
  amounts: readonly [value: string, quantity: string, total: string],
  key: string | null = userId,
): SampleRecord {
  const [value, quantity, total] = amounts.map(writtenNumber);
  return [sent, key, { purchaseId, userId, productName, productType, value, quantity, total }];
}
