import type { IncomingHttpHeaders } from "node:http";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import type { WallTimeMs } from "../../shared/core/units.ts";

/** A request as it came in. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query as they stand in the request's first line. */
  readonly target: string;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly requestId: string;
  readonly time: WallTimeMs;
}

/** Bodies of these types are passed as text, all others as base64. */
const textual = /^(text\/|application\/(json|javascript|xml)\b)/i;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * The event that API Gateway's HTTP API makes of a request, payload format 2.0, for its route `$default` without an authorizer: the path
 * decoded, once; the query as it came; headers in lower case, cookies beside them. `undefined` where the path can't be decoded.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function httpEvent(request: ReceivedRequest): APIGatewayProxyEventV2 | undefined {
  const cut = request.target.indexOf("?");
  const path = decodedPath(cut === -1 ? request.target : request.target.slice(0, cut));
  const rawQueryString = cut === -1 ? "" : request.target.slice(cut + 1);
  if (path === undefined) return undefined;
  const { cookie, ...headers } = request.headers;
  const query = joinedQuery(rawQueryString);
  const isText = textual.test(headers["content-type"] ?? "text/plain");
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString,
    ...(cookie !== undefined && { cookies: cookie.split(/; */) }),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    ...(query && { queryStringParameters: query }),
    requestContext: contextOf(request, path),
    ...(request.body.length > 0 && { body: request.body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

function contextOf(
  { method, httpVersion, headers, sourceIp, requestId, time }: ReceivedRequest,
  path: string,
): APIGatewayProxyEventV2["requestContext"] {
  const userAgent = headers["user-agent"] ?? "";
  return {
    accountId: "000000000000",
    apiId: "local",
    domainName: headers.host ?? "",
    domainPrefix: "local",
    http: { method, path, protocol: `HTTP/${httpVersion}`, sourceIp, userAgent },
    requestId,
    routeKey: "$default",
    stage: "$default",
    time: commonLogTime(time),
    timeEpoch: time,
  };
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** The values of a name that stands more than once are joined with commas. */
function joinedQuery(raw: string): Record<string, string> | undefined {
  const query = new URLSearchParams(raw);
  if (query.size === 0) return undefined;
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(",")]));
}

/** `10/Jul/2026:19:19:05 +0000` */
function commonLogTime(time: WallTimeMs): string {
  const at = new Date(time);
  const clock = at.toISOString().slice(11, 19);
  return `${String(at.getUTCDate()).padStart(2, "0")}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}:${clock} +0000`;
}
