import { afterEach, describe, expect, it, vi } from "vitest";
import type { KafkaAuth } from "../../../shared/sinks/kafka/kafka-session.ts";
import { selfSigned } from "../../support/self-signed.ts";
import { accepted, messages, setUp, unavailable } from "./kafka-world.ts";

const secretAccessKey = "the-secret-access-key";
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey, sessionToken: "the-session-token" };
const iam = (ca?: string): KafkaAuth => {
  return { kind: "iam", region: "eu-central-1", credentials: async () => credentials, ...(ca !== undefined && { ca }) };
};

describe("an AWS role", () => {
  const tls = selfSigned();

  it("is shown to the brokers over TLS, as a token of its own for each connection", async (context) => {
    if (!tls) return context.skip("openssl is not installed: no certificate to test with");
    const shown: string[] = [];
    const letsIn = (message: string) => shown.push(message) > 0;
    const { producer, idsIn } = await setUp({ tls, letsIn }, { auth: iam(tls.cert) });
    expect(await producer.produce(messages("m1"))).toEqual(accepted);
    expect(idsIn()).toEqual(["m1"]);
    const separator = "\u0001";
    const [start, bearer = "", ...end] = (shown[0] ?? "").split(separator);
    expect([start, ...end]).toEqual(["n,,", "", ""]);
    const token = bearer.replace("auth=Bearer ", "");
    const url = new URL(Buffer.from(token, "base64url").toString());
    expect(url.host).toBe("kafka.eu-central-1.amazonaws.com");
    expect(url.searchParams.get("Action")).toBe("kafka-cluster:Connect");
    expect(url.searchParams.get("X-Amz-Security-Token")).toBe("the-session-token");
  });

  it("that is not let in makes the brokers unavailable, and no secret stands in the reason", async (context) => {
    if (!tls) return context.skip("openssl is not installed: no certificate to test with");
    const { producer, kafka } = await setUp({ tls, letsIn: () => false }, { auth: iam(tls.cert) });
    const outcome = await producer.produce(messages("m1"));
    expect(outcome).toEqual(unavailable(/Access denied/));
    expect(JSON.stringify(outcome)).not.toMatch(/Bearer|AKID|the-secret|the-session/);
    expect(kafka.seen).toEqual([]);
  });

  it("whose credentials can't be had makes the brokers unavailable, and the reason says why", async (context) => {
    if (!tls) return context.skip("openssl is not installed: no certificate to test with");
    const none = async () => Promise.reject(new Error("no credentials are set"));
    const { producer } = await setUp(
      { tls, letsIn: () => true },
      { auth: { ...iam(tls.cert), credentials: none } as KafkaAuth },
    );
    expect(await producer.produce(messages("m1"))).toEqual(unavailable(/no credentials are set/));
  });

  it("is shown to no broker whose certificate can't be traced to an authority", async (context) => {
    if (!tls) return context.skip("openssl is not installed: no certificate to test with");
    const shown: string[] = [];
    const letsIn = (message: string) => shown.push(message) > 0;
    const { producer } = await setUp({ tls, letsIn }, { auth: iam() });
    expect(await producer.produce(messages("m1"))).toEqual(unavailable(/self-signed/));
    expect(shown).toEqual([]);
  });

  it("is shown to no broker in plain text", async () => {
    const shown: string[] = [];
    const letsIn = (message: string) => shown.push(message) > 0;
    const { producer } = await setUp({ letsIn }, { auth: iam(), connectTimeout: 100 });
    expect(await producer.produce(messages("m1"))).toEqual(unavailable());
    expect(shown).toEqual([]);
  });
});

describe("kafkajs", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("writes nothing to the console, whether it goes well or not", async () => {
    const written: unknown[] = [];
    for (const name of ["log", "info", "warn", "error"] as const) {
      vi.spyOn(console, name).mockImplementation((line) => written.push(line));
    }
    const { producer, kafka } = await setUp({ fault: (nth) => (nth === 2 ? 10 : undefined) });
    await producer.produce(messages("m1"));
    await producer.produce(messages("m2"));
    kafka.hangUp();
    await producer.produce(messages("m3", { topic: "none" }));
    expect(written).toEqual([]);
  });

  it("asks for no timer of a negative time, and for none while nothing is sent", async () => {
    const asked: number[] = [];
    const { setTimeout } = globalThis;
    const { producer } = await setUp();
    await producer.produce(messages("m1"));
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, ms: number) => {
      asked.push(ms);
      return setTimeout(work, ms);
    }) as typeof globalThis.setTimeout);
    await producer.produce(messages("m2"));
    const whileSending = asked.splice(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(whileSending.filter((ms) => !(ms > 0))).toEqual([]);
    expect(asked).toEqual([]);
  });
});
