import type { DeliveryOutcome, Endpoint, Message } from "../../../shared/ports/endpoint.ts";
import type { Output } from "../../../shared/ports/output.ts";
import { type Change, deliver } from "../../../shared/runtime/deliver.ts";
import { endpointSink } from "../../../shared/runtime/immediate-sinks.ts";
import type { Emitted } from "../../../shared/runtime/outputs.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";

export const now = 1_700_000_000_000;
export const accepted: DeliveryOutcome = { kind: "accepted" };
export const unavailable: DeliveryOutcome = { kind: "unavailable", reason: "HTTP 503" };
export const refused: DeliveryOutcome = { kind: "refused", status: 422, reason: "HTTP 422" };

/** What to answer to the request with these entities, the nth of all. */
export type Answer = (entities: readonly string[], nth: number) => DeliveryOutcome | Promise<DeliveryOutcome>;

/** An endpoint that does as it is told, and remembers what it was asked. */
export class ToldEndpoint implements Endpoint {
  /** `a` for a request with one object, `[a b]` for one with an array. */
  readonly asked: string[] = [];
  readonly accepted: string[] = [];
  readonly messages: Message[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  async post(message: Message, signal?: AbortSignal): Promise<DeliveryOutcome> {
    const sent = JSON.parse(message.body) as Output | Output[];
    const entities = (Array.isArray(sent) ? sent : [sent]).map(({ entity }) => entity);
    this.asked.push(Array.isArray(sent) ? `[${entities.join(" ")}]` : entities.join());
    this.messages.push(message);
    this.signals.push(signal);
    const outcome = await this.#answer(entities, this.asked.length);
    if (outcome.kind === "accepted") this.accepted.push(...entities);
    return outcome;
  }
}

export function output(entity: string): Output {
  return {
    id: `attribution:${entity}:1`,
    pipeline: "attribution",
    entity,
    revision: 1,
    final: false,
    body: { entity },
  };
}

/** The output of that name, as all sinks get it. */
export function emitted(entity: string, key = entity): Emitted {
  const of = output(entity);
  return {
    output: of,
    message: { id: of.id, topic: "attributed-page-views", key, value: JSON.stringify(of.body), timestamp: now },
  };
}

/** `k1:a,b`: a change of the key k1 with two outputs; `k1:` has none, `k1` has one of that name. Sequences are 1, 2, 3... */
export function changes(text: string, at = now): Change[] {
  return text.split(" ").map((one, i) => {
    const [key = "", entities = key] = one.split(":");
    const names = entities === "" ? [] : entities.split(",");
    return { sequence: String(i + 1), at, key, emitted: names.map((entity) => emitted(entity, key)) };
  });
}

/** A delivery to an endpoint that answers so. */
export function setUp(answer: Answer = () => accepted, settings: { batchMax?: number; lines?: number } = {}) {
  const endpoint = new ToldEndpoint(answer);
  const deadLetters = new MemoryObjectStore();
  const delivery = { sink: endpointSink(endpoint, { batchMax: 1, lines: 1, ...settings }), deadLetters };
  return {
    endpoint,
    deadLetters,
    /** The sequence where it stopped. */
    run: async (all: readonly Change[], signal?: AbortSignal) => (await deliver(delivery, all, now, signal))?.sequence,
    /** Why it stopped. */
    reason: async (all: readonly Change[], signal?: AbortSignal) => (await deliver(delivery, all, now, signal))?.reason,
    /** What was put aside, by name. */
    letters: async () => {
      const found: Record<string, unknown> = {};
      for await (const name of deadLetters.list("")) {
        found[name] = JSON.parse(new TextDecoder().decode(await deadLetters.read(name)));
      }
      return found;
    },
  };
}
