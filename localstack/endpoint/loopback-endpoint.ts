import type { KeyObject } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { DurationMs } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { verify, webhookKey } from "../../shared/sinks/http/standard-webhooks.ts";
import { type DeliveredOutput, Problem, parseOutputs, readBody } from "./delivery.ts";

/** What goes wrong with one request. */
export interface EndpointFault {
  /** Wall time before anything else happens. Alone it makes an endpoint slow, not broken. */
  readonly delayMs?: DurationMs;
  /** Answered instead of accepting, whatever was sent, with `headers` and `body`. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Answers with bytes that are no HTTP. */
  readonly garbage?: boolean;
  /** Breaks the connection off: without an answer, or within a 200, after the outputs were handed over. */
  readonly cut?: "unanswered" | "mid-answer";
}

export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface LoopbackEndpointOptions {
  /** `whsec_…`; a signature by any of them is good. */
  readonly secrets: readonly string[];
  /** Gets each request's outputs in order, one request at a time. The answer is 200 once it has resolved, 500 if it rejects. */
  readonly onAccepted: (outputs: readonly DeliveredOutput[]) => Promise<void>;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The fault of the n-th request, counted from 1 in the order of arrival; also a way to look at all that comes in. */
  readonly fault?: (requestNumber: number, request: ReceivedRequest) => EndpointFault | undefined;
  readonly clock?: Clock;
}

/** The customer's HTTP endpoint in local runs and in tests: a real server on 127.0.0.1 that checks signatures. */
export class LoopbackEndpoint {
  readonly #options: LoopbackEndpointOptions;
  readonly #keys: readonly KeyObject[];
  readonly #clock: Clock;
  readonly #server: Server;
  #last: Promise<void> = Promise.resolve();
  #requests = 0;

  private constructor(options: LoopbackEndpointOptions) {
    this.#options = options;
    this.#keys = options.secrets.map(webhookKey);
    this.#clock = options.clock ?? { now: () => Date.now() };
    this.#server = createServer((request, response) => {
      this.#requests += 1;
      const number = this.#requests;
      // One after the other, in the order of arrival, so that the outputs are handed over in that order.
      this.#last = this.#last.then(() => this.#handle(number, request, response));
    });
  }

  /** @throws the listening error when the port is taken, {StreamError} when a secret is malformed. */
  static async start(options: LoopbackEndpointOptions): Promise<LoopbackEndpoint> {
    const endpoint = new LoopbackEndpoint(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    endpoint.#server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve);
    await promise;
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Closes every connection at once. What is being handed over is waited for; what still waits for its turn is dropped. */
  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
    await this.#last;
  }

  async #handle(number: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== "POST") throw new Problem(405, "only POST is answered here");
      const received = { headers: request.headers, body: await readBody(request) };
      const fault = this.#options.fault?.(number, received);
      if (fault?.delayMs) await unlessGone(response, fault.delayMs);
      if (response.destroyed || (fault && breakOff(fault, response))) return;
      await this.#options.onAccepted(this.#outputsOf(received));
      if (fault?.cut === "mid-answer") breakOffWithin(response);
      else answer(response, 200, "application/json", { status: "ok" });
    } catch (error) {
      const { status, message } = error instanceof Problem ? error : new Problem(500, String(error));
      answer(response, status, "application/problem+json", { type: "about:blank", status, detail: message });
    }
  }

  #outputsOf({ headers, body }: ReceivedRequest): readonly DeliveredOutput[] {
    const header = (name: string) => headers[name]?.toString();
    const [id, timestamp, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(header);
    const nowSeconds = Math.floor(this.#clock.now() / 1_000);
    const verdict = verify(this.#keys, { id, timestamp, signature, body }, { nowSeconds });
    if (verdict.kind === "refused") throw new Problem(401, verdict.reason);
    return parseOutputs(body);
  }
}

/** Waits, but not for a client that has hung up: its next try would have to wait too. */
async function unlessGone(response: ServerResponse, delay: DurationMs): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (response.destroyed) return;
  const timer = setTimeout(resolve, delay);
  response.once("close", resolve);
  await promise;
  response.off("close", resolve);
  clearTimeout(timer);
}

/** @returns whether the request is done with. */
function breakOff({ status, headers, body, garbage, cut }: EndpointFault, response: ServerResponse): boolean {
  if (garbage) response.socket?.end("this is no HTTP\r\n\r\n");
  else if (cut === "unanswered") response.socket?.resetAndDestroy();
  else if (status !== undefined) response.writeHead(status, headers).end(body);
  else return false;
  return true;
}

function breakOffWithin(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": 100 });
  response.write('{"status":', () => response.socket?.destroy());
}

function answer(response: ServerResponse, status: number, type: string, content: object): void {
  response.writeHead(status, { "content-type": type, ...(status === 405 && { allow: "POST" }) });
  response.end(JSON.stringify(content));
}
