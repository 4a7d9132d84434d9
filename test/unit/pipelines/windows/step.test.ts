import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decimal, formatDecimal, parseDecimal } from "../../../../shared/core/decimal.ts";
import type { WindowedRecord } from "../../../../shared/pipelines/windows/records.ts";
import { decode, emptyState, encode, type WindowState } from "../../../../shared/pipelines/windows/state.ts";
import { seal, step } from "../../../../shared/pipelines/windows/step.ts";
import { keyOfWindow } from "../../../../shared/pipelines/windows/window-key.ts";

const start = Date.parse("2024-01-01T12:10:00Z");
const roomy = { stateBytesMax: 262_144 };

const event = (id: string, amount = "0", user = "u1"): WindowedRecord => ({
  key: keyOfWindow(user, start),
  id,
  time: start,
  amount: parseDecimal(amount) as Decimal,
});
/** `a:5 b:-2`, in this order. */
const events = (text: string) =>
  text.split(" ").map((one) => {
    const [id = "", amount] = one.split(":");
    return event(id, amount);
  });

/** The state after all of them, stored and read again where `reload` says so, and what became of each. */
function played(records: readonly WindowedRecord[], context = roomy, reload: (at: number) => boolean = () => false) {
  let state: WindowState = emptyState;
  const fates = records.map((record, at) => {
    if (reload(at)) state = decode(JSON.parse(JSON.stringify(encode(state))));
    const result = step(state, record, context);
    if (result.kind === "accepted") state = result.state;
    return result.kind;
  });
  return { state, fates };
}

const shown = ({ ids, total, least, greatest }: WindowState) =>
  `${ids.count} events, ${formatDecimal(total)} from ${formatDecimal(least)} to ${formatDecimal(greatest)}`;

describe("a window", () => {
  it.each([
    ["one event", "a:5", "1 events, 5 from 5 to 5"],
    ["binary fractions that don't add up", "a:0.1 b:0.2", "2 events, 0.3 from 0.1 to 0.2"],
    ["only negative amounts", "a:-2 b:-7 c:-3", "3 events, -12 from -7 to -2"],
    ["only positive amounts", "a:2 b:7 c:3", "3 events, 12 from 2 to 7"],
    ["amounts that cancel out", "a:5 b:-5", "2 events, 0 from -5 to 5"],
    ["a zero among them", "a:5 b:0", "2 events, 5 from 0 to 5"],
    ["a zero that comes first", "a:0 b:5", "2 events, 5 from 0 to 5"],
    ["amounts of different scales", "a:1 b:0.25 c:-0.000001", "3 events, 1.249999 from -0.000001 to 1"],
    ["one value in two spellings", "a:5.00 b:5", "2 events, 10.00 from 5 to 5.00"],
    ["one value in two spellings, the other way round", "a:5 b:5.00", "2 events, 10.00 from 5 to 5.00"],
    ["numbers that stand next to each other as text", "a:9 b:10", "2 events, 19 from 9 to 10"],
    [
      "the largest amounts there are",
      "a:999999999999999999 b:999999999999999999 c:0.000001",
      "3 events, 1999999999999999998.000001 from 0.000001 to 999999999999999999",
    ],
  ])("sums up %s", (_, text, answer) => {
    expect(shown(played(events(text)).state)).toBe(answer);
    expect(shown(played(events(text), roomy, () => true).state)).toBe(answer);
  });

  it("counts an id once; the first occurrence wins", () => {
    const { state, fates } = played(events("a:5 a:7 b:1 a:9"));
    expect([shown(state), fates]).toEqual([
      "2 events, 6 from 1 to 5",
      ["accepted", "duplicate", "accepted", "duplicate"],
    ]);
  });

  it("comes to the same in any order, if no id comes twice", () => {
    const amount = fc.constantFrom("0", "5", "5.00", "-1.5", "0.000001", "999999999999", "-999999999999");
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (amounts, picks) => {
        const all = amounts.map((text, i) => event(`e${i}`, text));
        const shuffled = all.map((one) => ({ one, at: picks.next().value })).sort((a, b) => a.at - b.at);
        expect(shown(played(shuffled.map(({ one }) => one)).state)).toBe(shown(played(all).state));
      }),
      { seed: 20_240_101 },
    );
  });
});

describe("a revision", () => {
  it("takes together all that has changed since the state was stored", () => {
    const first = seal(emptyState, played(events("a:1 b:2")).state);
    expect([first.state.revision, first.changed]).toEqual([1, [0]]);
    const result = step(first.state, event("c"), roomy);
    const second = seal(first.state, result.kind === "accepted" ? result.state : emptyState);
    expect([second.state.revision, second.changed]).toEqual([2, [0]]);
  });

  it("is not made by a duplicate, nor by nothing", () => {
    const { state } = seal(emptyState, played(events("a:1")).state);
    expect(step(state, event("a", "2"), roomy)).toEqual({ kind: "duplicate" });
    expect(seal(state, state)).toEqual({ state, changed: [] });
    expect(seal(emptyState, emptyState)).toEqual({ state: emptyState, changed: [] });
  });

  it("is made by an event of amount 0", () => {
    const { state } = seal(emptyState, played(events("a:0")).state);
    const result = step(state, event("b", "0"), roomy);
    expect(seal(state, result.kind === "accepted" ? result.state : state).changed).toEqual([0]);
  });
});

describe("a window that is full", () => {
  const stateBytesMax = 1_024;
  /** 128 bytes are for the numbers, and an id of 3 characters takes 4. */
  const fitting = (1_024 - 128) / 4;
  const all = Array.from({ length: fitting + 3 }, (_, i) => event(String(i + 100), "1"));

  it("takes what fits to the byte, and refuses the next", () => {
    const { fates } = played(all, { stateBytesMax });
    expect(fates.filter((fate) => fate === "accepted")).toHaveLength(fitting);
    expect(fates.slice(fitting)).toEqual(["oversized", "oversized", "oversized"]);
  });

  it("takes 13,100 events with UUIDs as ids by default, and not one more", () => {
    const records = Array.from({ length: 13_101 }, (_, i) => event(uuidOf(i)));
    const { fates } = played(records);
    expect([fates.indexOf("oversized"), fates.lastIndexOf("accepted")]).toEqual([13_100, 13_099]);
  });

  it("still knows its duplicates", () => {
    const { state } = played(all, { stateBytesMax });
    expect(step(state, all[0] as WindowedRecord, { stateBytesMax })).toEqual({ kind: "duplicate" });
    expect(step(state, all.at(-1) as WindowedRecord, { stateBytesMax })).toMatchObject({ kind: "oversized" });
  });

  it("is full at the same events, however often it was stored in between, and whatever its revision", () => {
    const id = fc.oneof(
      fc.uuid(),
      fc.string({ unit: fc.constantFrom("a", ",", '"', "é", "😀"), minLength: 1, maxLength: 40 }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 30, maxLength: 60, size: "max" }), fc.nat(), (ids, cut) => {
        const records = ids.map((one) => event(one, "999999999999.999999"));
        const whole = played(records, { stateBytesMax });
        expect(played(records, { stateBytesMax }, (at) => at % 7 === cut % 7).fates).toEqual(whole.fates);
        const revised = { ...whole.state, revision: 1_000_000 };
        expect(Buffer.byteLength(JSON.stringify(encode(revised)))).toBeLessThanOrEqual(stateBytesMax);
      }),
      { seed: 20_240_101 },
    );
  });

  it.each([
    ["u1", "u1"],
    ["u|2", "u|2"],
    ["x".repeat(40), "x".repeat(40)],
    ["x".repeat(41), `${"x".repeat(40)}...`],
    [`${"x".repeat(39)}😀`, `${"x".repeat(39)}�...`],
    ["line\nbreak", "line?break"],
  ])("of user %j is named in the refusal", (user, named) => {
    expect(step(emptyState, event("x".repeat(1_000), "0", user), { stateBytesMax })).toEqual({
      kind: "oversized",
      message: `the window of 2024-01-01T12:10:00Z of user ${named} is full: its state would pass 1024 bytes`,
    });
  });
});

describe("a stored window", () => {
  it("is a short JSON array", () => {
    const records = [event("evt_1", "0.10"), event("864fd26f-b559-f75b-864f-d26fb559f75b", "-2"), event("evt_2", "7")];
    const { state } = seal(emptyState, played(records).state);
    expect(JSON.stringify(encode(state))).toBe('[1,3,"5.10","-2","7","HelloWorldHelloWorld","evt_1,evt_2,"]');
  });

  it("is read as it was", () => {
    const { state } = seal(emptyState, played(events("a:999999999999999999 b:999999999999999999 c:-0.000001")).state);
    expect(decode(JSON.parse(JSON.stringify(encode(state))))).toEqual(state);
    expect(decode(JSON.parse(JSON.stringify(encode(emptyState))))).toEqual(emptyState);
  });
});

function uuidOf(n: number): string {
  const hex = createHash("sha256").update(String(n)).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
