import type { KeyObject } from "node:crypto";
import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { urlToHttpOptions } from "node:url";
import { StreamError } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeliveryOutcome, Endpoint, Message } from "../../ports/endpoint.ts";
import type { RateLimit } from "../../ports/rate-limit.ts";
import { type FailureInBody, outcomeOf } from "./answer.ts";
import { endpointUrl } from "./endpoint-url.ts";
import { exchange, type Reply } from "./exchange.ts";
import { defaultRetries, type Random, Retries, type RetrySettings, type Sent } from "./retries.ts";
import { sign, webhookId, webhookKey } from "./standard-webhooks.ts";

export interface HttpsEndpointSettings extends Partial<RetrySettings> {
  readonly url: string;
  /** Standard Webhooks secrets (`whsec_…`), at least one; each signs, so that one can replace another without a gap. */
  readonly secrets: readonly string[];
  /** Certificate authorities in PEM that are trusted instead of the usual ones. */
  readonly ca?: string;
  /** Sends to hosts that aren't this machine without encryption. Off by default. */
  readonly allowPlainHttp?: boolean;
  /** Connections at most; more posts than that at once wait, within their time limit. Default 50. */
  readonly socketsMax?: number;
  /** For endpoints that say 200 and mean failure, as `statusErrorInBody`. Off by default: 2xx is accepted. */
  readonly failureInBody?: FailureInBody;
  /** Who gives leave for each request, those that are tried again too. None by default. */
  readonly rateLimit?: RateLimit;
}

interface Parcel {
  readonly id: string;
  readonly body: Buffer;
}

const systemClock: Clock = { now: () => Date.now() };

/** An HTTP endpoint that gets every message signed, over kept-alive connections. One per URL: it remembers how the endpoint is doing. */
export class HttpsEndpoint implements Endpoint {
  readonly #target: ReturnType<typeof urlToHttpOptions>;
  readonly #keys: readonly KeyObject[];
  readonly #agent: HttpsAgent | HttpAgent;
  readonly #failureInBody: FailureInBody | undefined;
  readonly #clock: Clock;
  readonly #retries: Retries;

  /** @throws {StreamError} fault `bug`: a URL or a secret that can't be used; the message holds no secret. */
  constructor(settings: HttpsEndpointSettings, clock: Clock = systemClock, random: Random = Math.random) {
    const {
      url,
      secrets,
      ca,
      allowPlainHttp = false,
      socketsMax = 50,
      failureInBody,
      rateLimit,
      ...retries
    } = settings;
    if (secrets.length === 0) throw new StreamError("bug", "endpoint: no webhook secret is given");
    const pool = { keepAlive: true, maxSockets: socketsMax };
    this.#target = urlToHttpOptions(endpointUrl(url, allowPlainHttp));
    this.#keys = secrets.map(webhookKey);
    this.#agent =
      this.#target.protocol === "https:" ? new HttpsAgent({ ...pool, ...(ca && { ca }) }) : new HttpAgent(pool);
    this.#failureInBody = failureInBody;
    this.#clock = clock;
    this.#retries = new Retries({ ...defaultRetries, ...retries }, clock, random, rateLimit);
  }

  /** Every try has the same id and body, and its own timestamp and signature. A fired `signal` ends it as `unavailable`. */
  async post(message: Message, signal?: AbortSignal): Promise<DeliveryOutcome> {
    const parcel = { id: webhookId(message.id), body: Buffer.from(message.body) };
    return this.#retries.run((limit) => this.#deliver(parcel, limit), signal);
  }

  /** Closes all connections. A post that is still under way, and every later one, ends as `unavailable`. */
  close(): void {
    this.#retries.stop();
    this.#agent.destroy();
  }

  async #deliver(parcel: Parcel, limit: AbortSignal): Promise<Sent> {
    const reply = await this.#send(parcel, limit);
    const outcome = outcomeOf(reply, this.#clock.now(), this.#failureInBody);
    return { outcome, isStale: reply.kind === "failed" && reply.stale };
  }

  #send({ id, body }: Parcel, limit: AbortSignal): Promise<Reply> {
    const timestampSeconds = Math.floor(this.#clock.now() / 1_000);
    const headers = {
      "content-type": "application/json",
      "content-length": body.length,
      "user-agent": "tidemark",
      "webhook-id": id,
      "webhook-timestamp": timestampSeconds,
      "webhook-signature": sign(this.#keys, { id, timestampSeconds, body }),
    };
    return exchange(() => this.#open(headers), body, limit);
  }

  #open(headers: Readonly<Record<string, string | number>>): ClientRequest {
    const options = { ...this.#target, method: "POST", agent: this.#agent, headers };
    return this.#target.protocol === "https:" ? httpsRequest(options) : httpRequest(options);
  }
}
