import { formatEventTime } from "../../shared/core/time.ts";
import type { EventTimeMs } from "../../shared/core/units.ts";
import { adClicks, pageViews } from "../../shared/pipelines/attribution/records.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { cutShort, type Fault, having, inArray, noJson, type PayloadFields, without } from "./faults.ts";
import { Recent } from "./recent.ts";
import { recordedTraffic } from "./recorded-traffic.ts";
import type { TrafficOptions } from "./traffic.ts";
import type { RecordSource, Run, Subject, TrafficPlan } from "./traffic-plan.ts";

const clickShare = 0.4;
/** How often a record's user is one that was just seen in the other topic. */
const followShare = 0.5;
const remembered = 512;
const campaigns = 36;
const products = 200;
const minute = 60_000;

const faults: readonly Fault[] = [
  cutShort,
  noJson,
  inArray,
  without("user_id"),
  having("user_id", null),
  (fields) => having("user_id", { name: fields.user_id })(fields),
  having("event_time", true),
  having("event_time", "2026-02-30T12:00:00Z"),
];

/** Two ad clicks to three page views. Four records in five are up to 1.5 s behind their `ts`, one in five up to 90 s. */
export const attributionPlan: TrafficPlan = {
  topics: [adClicks, pageViews],
  pollInterval: 1_000,
  polled: "by topic",
  shares: {
    outOfOrder: 0.2,
    duplicates: 0.02,
    late: 0.01,
    malformed: 0.001,
    tombstones: 0.0005,
    future: 0,
    foreign: 0,
    boundaries: 0,
    lateDuplicates: 0,
  },
  disorder: {
    aheadMax: 0,
    inOrderMax: 1_500,
    outOfOrderMax: 90_000,
    resendWithin: 20_000,
    lateMin: 20 * minute,
    lateMax: 60 * minute,
  },
  resends: { elsewhere: 0, changed: 0 },
  spaced: 0,
  source: attributionSource,
};

/** The records of `attributionPlan`, recorded. */
export function attributionTraffic(options: TrafficOptions & { readonly records: number }): Generator<RecordLine> {
  return recordedTraffic(attributionPlan, options);
}

function attributionSource({ random, ids, rank }: Run): RecordSource<Subject> {
  const users = { [adClicks]: new Recent<string>(remembered), [pageViews]: new Recent<string>(remembered) };
  const clickFields = (user: string, time: EventTimeMs): PayloadFields => ({
    click_id: `click_${ids.text(ids.next())}`,
    user_id: user,
    campaign_id: `campaign_${random.zipf(campaigns)}`,
    event_time: formatEventTime(time),
  });
  const viewFields = (user: string, time: EventTimeMs): PayloadFields => {
    const url = `https://example.com/product${random.zipf(products)}`;
    return { event_id: `pv_${ids.text(ids.next())}`, user_id: user, url, event_time: formatEventTime(time) };
  };
  return {
    subject: () => {
      const topic = random.chance(clickShare) ? adClicks : pageViews;
      const others = users[topic === adClicks ? pageViews : adClicks];
      const followed = random.chance(followShare) ? others.pick(random) : undefined;
      return { topic, key: followed ?? `user_${rank()}` };
    },
    fields: ({ topic, key }, time) => (topic === adClicks ? clickFields(key, time) : viewFields(key, time)),
    faults: () => faults,
    remember: ({ topic, key }) => users[topic === adClicks ? adClicks : pageViews].add(key),
  };
}
