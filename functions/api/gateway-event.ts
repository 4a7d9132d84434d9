import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { StreamError } from "../../shared/core/errors.ts";

/** What the API needs of a request. Headers and body are not among it: no route reads them, so nothing in them can steer one. */
export interface GatewayRequest {
  readonly method: string;
  /** Decoded, well-formed, beginning with a slash, without the stage. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** As the gateway's own log has it. */
  readonly id: string;
}

/**
 * Reads an event of API Gateway's HTTP API, payload format 2.0. The gateway has decoded `rawPath` already, despite its name: `%2F` comes as
 * a slash and `%25` as a percent sign, so to decode it again would turn one id into another. The query comes as it was sent.
 * @throws {StreamError} fault `bug`: it is another event.
 * @see https://github.com/honojs/hono/issues/2156
 */
export function readGatewayEvent(event: APIGatewayProxyEventV2): GatewayRequest {
  const method = event?.requestContext?.http?.method;
  if (event?.version !== "2.0" || typeof event.rawPath !== "string" || typeof method !== "string") {
    const mend = "the integration's payloadFormatVersion must be 2.0";
    throw new StreamError("bug", `the event is none of API Gateway's HTTP API in payload format 2.0; ${mend}`);
  }
  return {
    method,
    path: withoutStage(event.rawPath.toWellFormed(), event.requestContext.stage),
    query: new URLSearchParams(event.rawQueryString),
    id: event.requestContext.requestId,
  };
}

export async function toGatewayResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
    isBase64Encoded: false,
  };
}

/** A stage other than the default one stands in the path, before what was asked for. */
function withoutStage(path: string, stage: string): string {
  const prefix = `/${stage}`;
  return stage !== "$default" && `${path}/`.startsWith(`${prefix}/`) ? path.slice(prefix.length) || "/" : path;
}
