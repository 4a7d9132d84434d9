import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { purchaseViews } from "../../functions/purchase-views.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { purchases } from "../../shared/pipelines/purchases/purchases.ts";
import type { PurchaseEntry } from "../../shared/ports/purchase-views.ts";
import type { StateStore } from "../../shared/ports/state-store.ts";
import { runFacts } from "../../shared/runtime/running-pipeline.ts";
import { withoutIdleZeros } from "../support/oracle/oracle-decimal.ts";
import { NumberText } from "../support/oracle/oracle-json.ts";
import { judgePurchases, type PurchaseRow, type UserPurchases } from "../support/oracle/purchases-oracle.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";
import { type Fields, faultsOf, type InputShape, idAlike, noAmounts, noIds } from "./oracle-inputs.ts";
import {
  anyInput,
  type Cut,
  expectAnswer,
  expectOneOutputEach,
  generatedInput,
  kindsOfFate,
  longCut,
  playThrough,
} from "./oracle-play.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/purchases-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 100);

const users = ["user", "a|b", "～"];

const bought: readonly Fields[] = [
  { value: "50.00", quantity: 2, total: "100.00" },
  { value: 0.1, quantity: 3, total: 0.3 },
  { value: 19.99, quantity: 5, total: "99.950" },
  { value: 0, quantity: 9_007_199_254_740_991, total: "0.00" },
  { value: "333333333333333333", quantity: 3, total: new NumberText("999999999999999999") },
  { value: new NumberText("5E1"), quantity: new NumberText("2.0"), total: new NumberText("1.00e2") },
  { value: "0.000001", quantity: 1, total: new NumberText("1e-6") },
];

const shape: InputShape = {
  topic: "purchases",
  fields(move, place) {
    const { user, choice } = move;
    const purchaseId = choice % 2 === 0 ? idAlike(move) : `purchase ${place}`;
    const product = { productName: `product ${choice % 4}`, productType: "" };
    return { purchaseId, userId: users[user], ...product, ...bought[choice % bought.length] };
  },
  faults: [
    ...["purchaseId", "userId"].flatMap((name) => faultsOf(name, noIds)),
    ...["productName", "productType"].flatMap((name) => faultsOf(name, [undefined, null, 7])),
    ...["value", "total"].flatMap((name) => faultsOf(name, [undefined, null, "1234.5678", ...noAmounts])),
    ...faultsOf("quantity", [undefined, null, "2", 0, -1, 1.5, new NumberText("9007199254740992")]),
    { value: -1, quantity: 1, total: -1 },
    { value: "0.10", quantity: 3, total: "0.30000000000000004" },
    { value: 5, quantity: 0, total: 0 },
    { value: "500000000000000000", quantity: 2, total: "1000000000000000000" },
  ],
  identity: ["purchaseId"],
  wanders: true,
};

const anySettings = fc.record({ partitions: fc.constantFrom(1, 2, 3), maxFutureSkew: fc.constant(0) });

/** A user's total and history as the API reads them, in pages of 7. */
async function viewOf(store: StateStore, user: string): Promise<UserPurchases> {
  const views = purchaseViews(store);
  const { total, count } = await views.total(user);
  const purchases: PurchaseRow[] = [];
  for (let before: string | undefined, isMore = true; isMore; isMore = before !== undefined) {
    const page = await views.history(user, { limit: 7, ...(before !== undefined && { before }) });
    expect(page?.count).toBe(count);
    purchases.push(...(page?.purchases ?? []).map((entry) => asRow(entry, user)));
    before = page?.next;
  }
  return { totalDebt: withoutIdleZeros(total), purchaseCount: count, purchases };
}

function asRow({ value, total, timestamp, ...entry }: PurchaseEntry, userId: string): PurchaseRow {
  const amounts = { value: withoutIdleZeros(value), total: withoutIdleZeros(total) };
  return { ...entry, userId, ...amounts, timestamp: Date.parse(timestamp) };
}

async function expectOracleAnswer(partitions: number, lines: readonly RecordLine[], cut: Cut): Promise<string[]> {
  const world = new PipelineWorld({ pipeline: purchases(), run: runFacts, settings: { partitions } });
  await playThrough(world, lines, cut);
  const answer = judgePurchases(lines);
  await expectAnswer(world, answer);
  await expectOneOutputEach(world);
  for (const user of [...users, ...Object.keys(answer.views)]) {
    const nothing = { totalDebt: "0", purchaseCount: 0, purchases: [] };
    expect(await viewOf(world.store, user)).toEqual(answer.views[user] ?? nothing);
  }
  world.end();
  return kindsOfFate(answer);
}

describe("purchases against the oracle", () => {
  it("give its answer, however the input is cut and sent again", async () => {
    await fc.assert(
      fc.asyncProperty(anyInput(shape, anySettings), async ({ settings, lines, cut }) => {
        await expectOracleAnswer(settings.partitions, lines, cut);
      }),
      { seed, numRuns },
    );
  });

  it("give its answer for 10,000 records of generated traffic", async () => {
    const kinds = await expectOracleAnswer(3, generatedInput("purchases", seed), longCut);
    expect(kinds).toEqual(["accepted", "duplicate", "ignored", "malformed"]);
  });
});
