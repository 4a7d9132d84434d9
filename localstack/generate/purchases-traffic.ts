import type { DurationMs } from "../../shared/core/units.ts";
import { purchasesTopic } from "../../shared/pipelines/purchases/purchases.ts";
import {
  amountFaults,
  cutShort,
  type Fault,
  having,
  idFaults,
  inArray,
  noJson,
  type PayloadFields,
  without,
} from "./faults.ts";
import type { RecordSource, Run, Subject, TrafficPlan } from "./traffic-plan.ts";
import { amountForm, idForm, newId, userName } from "./value-forms.ts";
import { writtenNumber } from "./written-number.ts";

interface Purchase extends Subject {
  readonly id: string;
}

const minute: DurationMs = 60_000;
const products: readonly (readonly [name: string, type: string])[] = [
  ["Laptop", "Electronics"],
  ["Phone", "Electronics"],
  ["Tablet", "Electronics"],
  ["Monitor", "Display"],
  ["Projector", "Display"],
  ["Keyboard", "Accessories"],
  ["Mouse", "Accessories"],
  ["Charger", "Accessories"],
  ["Headphones", "Audio"],
  ["Graphics Card", "Computing"],
];
/** Value, quantity and total at the limits of 18 digits, 6 of them after the point. */
const extremes: readonly PayloadFields[] = [
  { value: "0.000001", quantity: 3, total: "0.000003" },
  { value: writtenNumber("123456789012.345678"), quantity: 5, total: "617283945061.72839" },
  { value: "999999999999999999", quantity: 1, total: writtenNumber("999999999999999999") },
  { value: 0, quantity: 1_000, total: writtenNumber("0.00") },
];

const faults: readonly Fault[] = [
  ...[cutShort, noJson, inArray],
  ...idFaults("purchaseId"),
  ...idFaults("userId"),
  ...["productName", "productType", "value", "quantity", "total"].flatMap((name) => [
    without(name),
    having(name, null),
  ]),
  ...["value", "total"].flatMap(amountFaults),
  ...[0, -1, 1.5, "two", true].map((quantity) => having("quantity", quantity)),
  (fields) => JSON.stringify({ ...fields, value: "-5.00", quantity: 2, total: "-10.00" }),
  (fields) => JSON.stringify({ ...fields, value: "5.00", quantity: 2, total: "10.01" }),
  (fields) => JSON.stringify({ ...fields, value: writtenNumber("0.1"), quantity: 3, total: 0.1 * 3 }),
];

/**
 * Purchases of 10.00 to 1,000.00, one to five at a time. They have no event time; they come in the order of their `ts`. Of what is sent
 * again three in ten go without a key, most of them to another partition.
 *
 * Of 20,000 records of 5,000 users at 10 per second 95.2 % are accepted, 4.2 % duplicates, 0.1 % ignored, 0.5 % malformed.
 */
export const purchasesPlan: TrafficPlan<Purchase> = {
  topics: [purchasesTopic],
  pollInterval: 5_000,
  polled: "by partition",
  shares: {
    outOfOrder: 0,
    duplicates: 0.04,
    late: 0,
    malformed: 0.005,
    tombstones: 0.001,
    future: 0,
    foreign: 0,
    boundaries: 0,
    lateDuplicates: 0.005,
  },
  // Nothing is late, but what is sent again may be minutes old.
  disorder: {
    aheadMax: 0,
    inOrderMax: 0,
    outOfOrderMax: 0,
    resendWithin: 20_000,
    lateMin: 6 * minute,
    lateMax: 60 * minute,
  },
  resends: { elsewhere: 0.3, changed: 0.2 },
  spaced: 0.05,
  source: purchasesSource,
};

function purchasesSource({ random, ids, rank }: Run): RecordSource<Purchase> {
  return {
    subject: () => {
      const id = newId(ids, random, (number) => ids.uuid(number));
      return { topic: purchasesTopic, key: userName(rank()), id };
    },
    fields: ({ id, key: user }) => {
      const [productName, productType] = random.pick(products);
      const who = { purchaseId: idForm(id, random), userId: idForm(user, random), productName, productType };
      return { ...who, ...price() };
    },
    faults: () => faults,
  };

  /** One in a hundred is at the limits. */
  function price(): PayloadFields {
    if (random.chance(0.01)) return random.pick(extremes);
    const cents = random.integer(1_000, 100_000);
    const quantity = random.integer(1, 5);
    return { value: amountForm(cents, random), quantity, total: amountForm(cents * quantity, random) };
  }
}
