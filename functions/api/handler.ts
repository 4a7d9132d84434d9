import middy from "@middy/core";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { logError } from "../../shared/observability/log.ts";
import { deadlineOf } from "../deadline.ts";
import { readGatewayEvent, toGatewayResult } from "./gateway-event.ts";
import { internalError } from "./problem.ts";
import { createRouter, respondTo } from "./router.ts";
import { type ApiApp, absentOf, routesOf } from "./routes.ts";

/** Requests from API Gateway in, answers out. Who may ask is the gateway's to decide, by its authorizer. */
export function createHandler(app: ApiApp) {
  const routes = routesOf(app);
  const router = createRouter(routes, absentOf(routes));
  return middy(async (event: APIGatewayProxyEventV2, context: Context) => {
    const request = readGatewayEvent(event);
    try {
      return await toGatewayResult(await router(request, deadlineOf(context)));
    } catch (cause) {
      logError("request.failed", { requestId: request.id }, cause);
      return toGatewayResult(respondTo(internalError(request.id)));
    }
  });
}
