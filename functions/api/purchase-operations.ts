import * as z from "zod/mini";
import { type Operation, operation } from "./operation.ts";
import { decimalText, idAnswered, idInPath, timeText, wholeNumber } from "./schemas.ts";

/** As many messages as one request may produce: a few hundred KB, well within the time that API Gateway waits for an answer. */
const countMax = 1_000;
const limitMax = 100;

const messagesProduced = z.int().check(z.gte(1), z.lte(countMax));

const userId = idInPath("The user.");

const purchase = z.object({
  purchaseId: z.string(),
  productName: z.string(),
  productType: z.string(),
  value: decimalText,
  quantity: z.int().check(z.gte(1)),
  total: decimalText,
  timestamp: timeText,
});

const producing = {
  pipeline: "purchases",
  pathParameters: { count: wholeNumber(1, countMax, "How many messages to produce."), id: userId },
  query: {},
  mayBeUnavailable: true,
} as const;

const reading = { pipeline: "purchases", pathParameters: { id: userId }, mayBeUnavailable: false } as const;

export const generatePurchases = operation({
  ...producing,
  id: "generatePurchases",
  method: "POST",
  path: "/generate/{count}/{id}",
  summary: "Produce random purchases of a user",
  description: "Each has an id of its own, one of ten products, a value of 10.00 to 1000.00 and a quantity of 1 to 5.",
  answer: {
    name: "PurchasesGenerated",
    description: "All of them are in the topic; totals follow as they are processed.",
    schema: z.object({ userId: idAnswered, purchasesGenerated: messagesProduced, status: z.literal("success") }),
  },
});

export const duplicatePurchase = operation({
  ...producing,
  id: "duplicatePurchase",
  method: "POST",
  path: "/duplicate/{count}/{id}",
  summary: "Produce one purchase many times",
  description: "A laptop, 2 at 50.00, in several messages with one purchase id: it counts once.",
  answer: {
    name: "DuplicatesSent",
    description: "All messages are in the topic.",
    schema: z.object({
      userId: idAnswered,
      purchaseId: z.string(),
      duplicatesSent: messagesProduced,
      status: z.literal("success"),
      note: z.string(),
    }),
  },
});

export const readTotal = operation({
  ...reading,
  id: "readTotal",
  method: "GET",
  path: "/total/{id}",
  summary: "What a user owes",
  description: "Strongly consistent: it holds every purchase that was processed before.",
  query: {},
  answer: {
    name: "Total",
    description: "0 for a user of whom nothing is known.",
    schema: z.object({ userId: idAnswered, totalDebt: decimalText, currency: z.literal("USD") }),
  },
});

export const readHistory = operation({
  ...reading,
  id: "readHistory",
  method: "GET",
  path: "/history/{id}",
  summary: "What a user bought, newest first",
  description: "Strongly consistent, in pages.",
  query: {
    limit: z._default(wholeNumber(1, limitMax, "How many purchases at most."), 20),
    next: z.optional(z.string().check(z.describe("The `next` of the page before, unchanged; without it, the newest."))),
  },
  answer: {
    name: "History",
    description: "A page of the history; empty for a user of whom nothing is known.",
    schema: z.object({
      userId: idAnswered,
      purchaseCount: z.int().check(z.gte(0), z.describe("Of the whole history.")),
      purchases: z.array(purchase),
      next: z.optional(z.string().check(z.describe("There is more: ask for it by this."))),
    }),
  },
});

export const purchaseOperations: readonly Operation[] = [generatePurchases, duplicatePurchase, readTotal, readHistory];
