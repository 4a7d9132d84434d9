import { logError } from "../../shared/observability/log.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Producer, TopicMessage } from "../../shared/ports/producer.ts";
import type { PurchaseViews } from "../../shared/ports/purchase-views.ts";
import { answerWith, type RequestContext, type Route, route } from "./operation.ts";
import { internalError, invalidParameter, notAccepted, type ProblemReply } from "./problem.ts";
import { duplicatePurchase, generatePurchases, readHistory, readTotal } from "./purchase-operations.ts";
import { type Chance, knownPurchase, purchaseMessage, randomPurchase } from "./sample-purchases.ts";

/** What the routes about purchases work on. */
export interface PurchaseDesk {
  readonly views: PurchaseViews;
  /** Without it nobody can produce purchases over the API. */
  readonly samples?: SampleDesk | undefined;
}

/** What it takes to produce purchases. */
export interface SampleDesk {
  readonly producer: Producer;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Brokers that are out of reach are back soon, if at all; what they refuse takes somebody to mend it. */
const retryAfterSeconds = { unavailable: 5, refused: 60 } as const;

export function purchaseRoutes({ views, samples }: PurchaseDesk): readonly Route[] {
  return [...(samples ? sampleRoutes(samples) : []), ...viewRoutes(views)];
}

function sampleRoutes({ producer, clock, chance }: SampleDesk): readonly Route[] {
  return [
    route(generatePurchases, async ({ count, id: userId }, _, request) => {
      const messages = Array.from({ length: count }, () => {
        const purchase = randomPurchase(userId, chance);
        return purchaseMessage(purchase, purchase.purchaseId, clock.now());
      });
      const failed = await produceAll(producer, messages, request);
      return failed ?? answerWith({ userId, purchasesGenerated: count, status: "success" });
    }),
    route(duplicatePurchase, async ({ count, id: userId }, _, request) => {
      const purchase = knownPurchase(userId, chance);
      const { purchaseId } = purchase;
      const messages = Array.from({ length: count }, (_, i) =>
        purchaseMessage(purchase, `${purchaseId}:${i + 1}`, clock.now()),
      );
      const failed = await produceAll(producer, messages, request);
      const note = "All messages are about the same purchase: it counts once.";
      return failed ?? answerWith({ userId, purchaseId, duplicatesSent: count, status: "success", note });
    }),
  ];
}

function viewRoutes(views: PurchaseViews): readonly Route[] {
  return [
    route(readTotal, async ({ id: userId }) => {
      const { total } = await views.total(userId);
      return answerWith({ userId, totalDebt: total, currency: "USD" });
    }),
    route(readHistory, async ({ id: userId }, { limit, next: before }) => {
      const page = await views.history(userId, { limit, ...(before !== undefined && { before }) });
      if (!page) return invalidParameter("next", "must be the `next` of an earlier answer, unchanged");
      const { count, purchases, next } = page;
      return answerWith({
        userId,
        purchaseCount: count,
        purchases: [...purchases],
        ...(next !== undefined && { next }),
      });
    }),
  ];
}

/** The problem where it isn't certain that all messages are in the topic. */
async function produceAll(
  producer: Producer,
  messages: readonly TopicMessage[],
  { id: requestId, signal }: RequestContext,
): Promise<ProblemReply | undefined> {
  const all = messages.length;
  try {
    const outcome = await producer.produce(messages, signal);
    if (outcome.kind === "accepted") return undefined;
    logError("purchases.not-accepted", { requestId, outcome: outcome.kind, messages: all }, outcome.reason);
    const refused = outcome.kind === "refused" ? (outcome.ids?.length ?? 0) : 0;
    const why = outcome.kind === "refused" ? "Kafka refuses messages as things stand" : "Kafka is out of reach";
    const detail = `${why}. At most ${all - refused} of ${all} messages are written; asking again makes new ones.`;
    return notAccepted(detail, all - refused, retryAfterSeconds[outcome.kind]);
  } catch (cause) {
    logError("request.failed", { requestId, messages: all }, cause);
    return internalError(requestId, all);
  }
}
