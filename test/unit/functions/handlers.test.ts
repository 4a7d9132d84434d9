import { describe, expect, it } from "vitest";
import { mskEvent } from "../../../localstack/runner/msk-mapping.ts";
import { streamEvent } from "../../../localstack/runner/stream-mapping.ts";
import type { MskEvent } from "../../../shared/kafka/msk-event.ts";
import { interposedStore, once, unreachable } from "../../support/interposed-store.ts";
import { logRecord } from "../../support/log-record.ts";
import { refused, unavailable } from "../runtime/told-endpoint.ts";
import { context, embeddedFunctions, sample } from "./embedded-functions.ts";

const users = ["user_1", "user_2", "user_3", "user_4", "user_5", "user_6"];
const done = { batchItemFailures: [] };
type Functions = ReturnType<typeof embeddedFunctions>;

/** The sample, clicks first. */
async function withSample(functions: Functions): Promise<Functions> {
  await functions.attribution(sample("msk-ad-clicks"), context);
  await functions.attribution(sample("msk-page-views"), context);
  return functions;
}

/** One click and one page view of another user in each partition, at an hour that lets all of the sample become final. */
async function withLaterRecords(functions: Functions): Promise<Functions> {
  const event_time = "2024-01-01T13:40:00Z";
  const time = Date.parse(event_time);
  const later = (topic: string, round: number, fields: object) => {
    return mskEvent(
      [0, 1, 2].map((partition) => {
        const payload = JSON.stringify({ user_id: "later", event_time, ...fields });
        return logRecord({ topic, partition, offset: 9 + round, ts: time, key: "later", payload });
      }),
    );
  };
  for (const round of [1, 2]) {
    await functions.attribution(later("ad_clicks", round, { click_id: `c${round}`, campaign_id: "c" }), context);
    await functions.attribution(later("page_views", round, { event_id: `p${round}` }), context);
  }
  return functions;
}

/** Of a sample event, the partition 0 with its first record alone. */
function firstOf(event: MskEvent): MskEvent {
  const [name, records] = Object.entries(event.records)[0]!;
  return { ...event, records: { [name]: records.slice(0, 1) } };
}

const attributed = [
  "pv_1 <- click_1",
  "pv_2 <- click_2",
  "pv_3 <- click_3b",
  "pv_4 <- nobody",
  "pv_5 <- click_5",
  "pv_6 <- nobody",
];

describe("the attribution function", () => {
  it("takes in the sample, and answers that nothing is to be sent again", async () => {
    const functions = embeddedFunctions();
    expect(await functions.attribution(sample("msk-ad-clicks"), context)).toEqual(done);
    expect(await functions.attribution(sample("msk-page-views"), context)).toEqual(done);
    expect(functions.attributions()).toEqual(attributed);
  });

  it("comes to the same where the page views come first", async () => {
    const functions = embeddedFunctions();
    await functions.attribution(sample("msk-page-views"), context);
    await functions.attribution(sample("msk-ad-clicks"), context);
    expect(functions.attributions()).toEqual(attributed);
  });

  it("rejects the value that is no UTF-8, with its reason, and stops at nothing", async () => {
    const functions = await withSample(embeddedFunctions());
    expect(await functions.rowsUnder("rejected_events/")).toEqual([
      {
        pipeline: "attribution",
        topic: "ad_clicks",
        partition: 0,
        offset: 5,
        timestamp: 1_704_111_904_000,
        key: "user_1",
        value: "e//+fQ==",
        value_encoding: "base64",
        reason: "malformed",
        message: "value is not UTF-8",
        watermark: null,
      },
    ]);
  });

  it("changes nothing when an event is sent again, whichever and however often", async () => {
    const functions = await withSample(embeddedFunctions());
    const before = await functions.everything(...users);
    expect([before.entities.size, before.progress.size]).toEqual([6, 6]);
    await withSample(functions);
    expect(await functions.attribution(firstOf(sample("msk-ad-clicks")), context)).toEqual(done);
    expect(await functions.everything(...users)).toEqual(before);
  });

  it("answers an event without records", async () => {
    const functions = embeddedFunctions();
    expect(await functions.attribution({ eventSource: "aws:kafka", records: {} }, context)).toEqual(done);
  });

  it("fails on an event that is not its own", async () => {
    const functions = embeddedFunctions();
    await expect(functions.attribution(sample("schedule") as never, context)).rejects.toThrow("it has no records");
  });

  const broken = () => ({
    interpose: (store: Parameters<typeof interposedStore>[0]) => {
      return interposedStore(store, { beforeCommit: once("row|attribution|page_views|1", unreachable) });
    },
  });

  it("names what a failing store left undone, partition by partition, and it is done when it is sent again", async () => {
    const functions = embeddedFunctions(broken());
    await functions.attribution(sample("msk-ad-clicks"), context);
    const answer = await functions.attribution(sample("msk-page-views"), context);
    const failed = (offset: number) => ({ itemIdentifier: { partition: "page_views-1", offset } });
    expect(answer).toEqual({ batchItemFailures: [failed(0), failed(1)] });
    expect(await functions.attribution(sample("msk-page-views"), context)).toEqual(done);
    expect(functions.attributions()).toEqual(attributed);
  });

  it("fails the invocation instead, where that is what its event source mapping understands", async () => {
    const functions = embeddedFunctions({ ...broken(), failures: "throw" });
    await functions.attribution(sample("msk-ad-clicks"), context);
    await expect(functions.attribution(sample("msk-page-views"), context)).rejects.toThrow("page_views-1 from 0");
    expect(await functions.attribution(sample("msk-page-views"), context)).toEqual(done);
    expect(functions.attributions()).toEqual(attributed);
  });
});

describe("the finalize function", () => {
  const ofSample = (rows: readonly { page_view_id?: unknown }[]) => {
    return rows.map((row) => String(row.page_view_id)).sort();
  };

  it("writes nothing where nothing is final", async () => {
    const functions = await withSample(embeddedFunctions());
    expect(await functions.finalize(sample("schedule"), context)).toEqual({ finals: { attribution: 0 } });
    expect(await functions.rowsUnder("attributed_page_views/")).toEqual([]);
  });

  it("writes, on a schedule, the final rows of all partitions, once", async () => {
    const functions = await withLaterRecords(await withSample(embeddedFunctions()));
    expect(await functions.finalize(sample("schedule"), context)).toEqual({ finals: { attribution: 6 } });
    const before = await functions.everything(...users);
    expect(await functions.finalize(sample("schedule"), context)).toEqual({ finals: { attribution: 0 } });
    expect(await functions.everything(...users)).toEqual(before);
    const rows = await functions.rowsUnder("attributed_page_views/");
    expect(ofSample(rows)).toEqual(["pv_1", "pv_2", "pv_3", "pv_4", "pv_5", "pv_6"]);
    expect(rows.every((row) => row.final === true)).toBe(true);
  });

  it("writes, on a stream event, those of the partitions that it names, and no others", async () => {
    const functions = await withLaterRecords(await withSample(embeddedFunctions()));
    const answer = await functions.finalize(sample("dynamodb-stream-progress"), context);
    expect(answer).toEqual({ finals: { attribution: 4 } });
    expect(ofSample(await functions.rowsUnder("attributed_page_views/"))).toEqual(["pv_1", "pv_2", "pv_3", "pv_5"]);
    expect(await functions.finalize(sample("schedule"), context)).toEqual({ finals: { attribution: 2 } });
  });

  it("writes nothing for closings, for another pipeline's rows and for what is no row", async () => {
    const functions = await withLaterRecords(await withSample(embeddedFunctions()));
    const keys = ["closed|attribution|0", "row|other|page_views|0", "row|attribution", "due|attribution|0"];
    const Records = keys.map((key) => ({ dynamodb: { Keys: { pk: { S: key } } } }));
    const answer = await functions.finalize({ Records: [...Records, {}] }, context);
    expect(answer).toEqual({ finals: { attribution: 0 } });
  });
});

describe("the deliver function", () => {
  const shown = ({ endpoint }: Functions) => {
    return endpoint.messages.map(({ body }) => JSON.parse(body) as { id: string; body: Record<string, unknown> });
  };

  it("sends the outboxes of the sample, in order, and ignores the item that TTL removed", async () => {
    const functions = embeddedFunctions();
    expect(await functions.deliver(sample("dynamodb-stream-entities"), context)).toEqual(done);
    const sent = shown(functions).map(
      ({ id, body }) => `${id} ${body.user_id} ${body.attributed_click_id ?? "nobody"}`,
    );
    expect(sent).toEqual(["attribution:pv_1:1 user_1 nobody", "attribution:pv_1:2 user_1 click_1"]);
    expect(await functions.objectNames()).toEqual([]);
  });

  it("is shown by the sample what the attribution function really writes", async () => {
    const functions = embeddedFunctions();
    await functions.attribution(firstOf(sample("msk-page-views")), context);
    await functions.attribution(firstOf(sample("msk-ad-clicks")), context);
    const written = streamEvent(functions.changes(), "entities").Records.map(({ dynamodb }) => dynamodb?.NewImage);
    const images = sample("dynamodb-stream-entities").Records.flatMap(({ dynamodb }) => {
      const { ttl: _, ...image } = dynamodb?.NewImage ?? {};
      return "pk" in image ? [image] : [];
    });
    expect(images).toEqual(written);
  });

  it("sends every revision that the attribution function left", async () => {
    const functions = await withSample(embeddedFunctions());
    const event = streamEvent(functions.changes(), "entities");
    expect(await functions.deliver(event, context)).toEqual(done);
    const sent = shown(functions).map(({ body }) => `${body.page_view_id} <- ${body.attributed_click_id ?? "nobody"}`);
    expect(sent.sort()).toEqual(attributed);
  });

  it("answers with where the stream is to start again, when the endpoint can't be reached", async () => {
    const functions = embeddedFunctions({ answer: (_, nth) => (nth === 2 ? unavailable : { kind: "accepted" }) });
    const answer = await functions.deliver(sample("dynamodb-stream-entities"), context);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "400000000000000499661" }] });
  });

  it("puts aside what is refused, under the stream's own number of it", async () => {
    const functions = embeddedFunctions({ answer: () => refused });
    expect(await functions.deliver(sample("dynamodb-stream-entities"), context)).toEqual(done);
    const numbers = ["400000000000000499660", "400000000000000499661"];
    expect(await functions.objectNames()).toEqual(
      numbers.map((number) => `dead_letters/http/attribution/${number}-0.json`),
    );
  });

  it("sends nothing for a version without an outbox, nor for a pipeline that it doesn't know", async () => {
    const functions = embeddedFunctions();
    const { Records } = sample("dynamodb-stream-entities");
    const [first] = Records;
    const { outbox: _, ...quiet } = first?.dynamodb?.NewImage ?? {};
    const foreign = { ...first?.dynamodb?.NewImage, pk: { S: "other|0|user_1" } };
    const event = {
      Records: [quiet, foreign].map((NewImage) => ({ ...first, dynamodb: { ...first?.dynamodb, NewImage } })),
    };
    expect(await functions.deliver(event, context)).toEqual(done);
    expect(functions.endpoint.asked).toEqual([]);
  });

  it("fails on an event that is not its own", async () => {
    const functions = embeddedFunctions();
    await expect(functions.deliver(sample("msk-ad-clicks") as never, context)).rejects.toThrow("it has no Records");
  });
});
