import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { logError } from "../../shared/observability/log.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { systemClock } from "../embedded/system-clock.ts";
import { Problem, readBody } from "../endpoint/delivery.ts";
import { httpEvent } from "./http-event.ts";

export interface HttpApiOptions {
  readonly handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly clock?: Clock;
}

/** Request line and headers together, in bytes. API Gateway takes 10,240; this is more, so that the function's own limits can be seen. */
const headBytesMax = 32 * 1_024;
/** What API Gateway waits for an answer, at most. */
const answerMs = 30_000;
const headMs = 10_000;
const connectionsMax = 100;
const refusalHeaders = { "content-type": "application/problem+json; charset=utf-8", "cache-control": "no-store" };

/**
 * API Gateway's HTTP API on this machine, with one function behind it. It listens on 127.0.0.1 only, and without an authorizer; so that no
 * web page can reach it through its visitor's browser, a request must name this machine as its host, and come from no other origin.
 */
export class HttpApi {
  readonly #server: Server;
  readonly #handler: HttpApiOptions["handler"];
  readonly #clock: Clock;

  private constructor({ handler, clock = systemClock }: HttpApiOptions) {
    this.#handler = handler;
    this.#clock = clock;
    const limits = { maxHeaderSize: headBytesMax, headersTimeout: headMs, requestTimeout: answerMs };
    // A request without a host is refused as one with a wrong host is.
    this.#server = createServer(
      { ...limits, requireHostHeader: false },
      (request, response) => void this.#handle(request, response),
    );
    this.#server.maxConnections = connectionsMax;
    this.#server.on("clientError", refuseUnread);
  }

  /** @throws the listening error when the port is taken. */
  static async start(options: HttpApiOptions): Promise<HttpApi> {
    const api = new HttpApi(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    api.#server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve);
    await promise;
    return api;
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes every connection at once. */
  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      checkOrigin(request);
      const event = await this.#eventOf(request);
      const end = this.#clock.now() + answerMs;
      const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => end - this.#clock.now() };
      write(response, await this.#handler(event, context as Context));
    } catch (error) {
      if (response.destroyed) return;
      if (error instanceof Problem) return refuse(response, error);
      logError("http-api.failed", {}, error);
      refuse(response, new Problem(500, "The function failed; its log says why."));
    }
  }

  async #eventOf(request: IncomingMessage): Promise<APIGatewayProxyEventV2> {
    const event = httpEvent({
      method: request.method ?? "GET",
      target: request.url ?? "/",
      httpVersion: request.httpVersion,
      headers: request.headers,
      body: await readBody(request),
      sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
      requestId: randomUUID(),
      time: this.#clock.now(),
    });
    if (!event) throw new Problem(400, "The path is not percent-encoded UTF-8.");
    return event;
  }
}

/** A page that makes its own name resolve to this machine sends that name; a page of another site sends its origin. */
function checkOrigin({ headers }: IncomingMessage): void {
  if (!isLoopback(headers.host)) {
    throw new Problem(421, "Only requests to 127.0.0.1, localhost or [::1] are answered here.");
  }
  if (headers.origin !== undefined && !isLoopback(/^https?:\/\/(.*)$/i.exec(headers.origin)?.[1])) {
    throw new Problem(403, "Pages of other sites may not ask here.");
  }
}

function isLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host);
}

function write(response: ServerResponse, result: APIGatewayProxyStructuredResultV2): void {
  const { statusCode = 200, headers = {}, cookies, body = "", isBase64Encoded } = result;
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  response.writeHead(statusCode, {
    ...(headers as Record<string, string>),
    ...(cookies && { "set-cookie": cookies }),
    ...(bytes.length > 0 && { "content-length": bytes.length }),
  });
  response.end(bytes);
}

function refuse(response: ServerResponse, problem: Problem): void {
  // What is left of the request isn't read, so nothing else can come over this connection.
  response.writeHead(problem.status, { ...refusalHeaders, connection: "close" }).end(bodyOf(problem));
}

/** Answers what is no HTTP, or too much of it. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const problem =
    error.code === "HPE_HEADER_OVERFLOW"
      ? new Problem(431, `Path and headers may have ${headBytesMax} bytes.`)
      : new Problem(400, "This is no HTTP request.");
  const body = bodyOf(problem);
  const headers = { ...refusalHeaders, "content-length": Buffer.byteLength(body), connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join("")}\r\n${body}`);
}

function bodyOf({ status, message }: Problem): string {
  return JSON.stringify({ type: "about:blank", title: STATUS_CODES[status], status, detail: message });
}
