import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../localstack/generate/random.ts";
import { RunIds } from "../../../localstack/generate/run-ids.ts";
import { amountForm, idForm, newId, timeForm, userName } from "../../../localstack/generate/value-forms.ts";
import { writtenNumber } from "../../../localstack/generate/written-number.ts";
import { decimalIn } from "../../support/oracle/oracle-decimal.ts";
import { idIn, objectIn, timeIn } from "../../support/oracle/oracle-json.ts";

/** What stands in the JSON of a value, and what a reader makes of it that knows numbers as text only. */
function written(value: unknown) {
  const text = JSON.stringify({ value });
  return { text: text.slice('{"value":'.length, -1), read: objectIn(text)?.value };
}

/** Each form, and how many there are in a hundred. */
function formsOf(texts: readonly string[], forms: Readonly<Record<string, RegExp>>): Record<string, number> {
  const nameOf = (text: string) => Object.entries(forms).find(([, form]) => form.test(text))?.[0] ?? text;
  const counts = Object.entries(Object.groupBy(texts, nameOf));
  return Object.fromEntries(
    counts.map(([name, those = []]) => [name, Math.round((100 * those.length) / texts.length)]),
  );
}

describe("an event time", () => {
  const random = seededRandom(1);
  const first = Date.parse("2024-02-28T12:00:00Z");
  const times = Array.from({ length: 20_000 }, () => first + random.integer(0, 3 * 86_400_000));

  it("is the same time in whatever form", () => {
    for (const time of [...times, 0, 1, 999, first]) expect(timeIn(written(timeForm(time, random)).read)).toBe(time);
  });

  it("has all forms that are accepted", () => {
    const texts = times.map((time) => written(timeForm(time, random)).text);
    const forms = {
      "with Z": /^"[\d-]{10}T[\d:]{8}(\.\d{3})?Z"$/,
      "epoch milliseconds": /^\d{13}$/,
      "another zone": /^"[\d-]{10}T[\d:]{8}(\.\d{3})?[+-]\d\d:\d\d"$/,
      "no zone": /^"[\d-]{10}T[\d:]{8}(\.\d{3})?"$/,
      microseconds: /^"[\d-]{10}T[\d:]{8}\.\d{6}Z"$/,
    };
    expect(formsOf(texts, forms)).toEqual({
      "with Z": 60,
      "epoch milliseconds": 10,
      "another zone": 10,
      "no zone": 10,
      microseconds: 10,
    });
  });
});

describe("an amount", () => {
  const random = seededRandom(1);
  const amounts = Array.from({ length: 20_000 }, () => random.integer(-1_000, 500_000));

  it("is the same amount in whatever form", () => {
    for (const cents of [...amounts, 0, 1, -1, 10, 29]) {
      expect(decimalIn(written(amountForm(cents, random)).read)).toBe(BigInt(cents) * 10_000n);
    }
  });

  it("has all forms that are accepted", () => {
    const texts = amounts.filter((cents) => cents % 10 === 5).map((cents) => written(amountForm(cents, random)).text);
    const forms = {
      number: /^-?\d+\.\d+$/,
      text: /^"-?\d+\.\d\d"$/,
      zeros: /^"-?\d+\.\d{6}"$/,
      exponent: /^-?\d+e-2$/,
    };
    expect(Object.keys(formsOf(texts, forms)).sort()).toEqual(["exponent", "number", "text", "zeros"]);
  });
});

describe("an id", () => {
  const random = seededRandom(1);
  const ids = new RunIds({ seed: 1, start: Date.parse("2024-01-01T12:00:00Z") });
  const made = Array.from({ length: 20_000 }, () => newId(ids, random, (number) => ids.uuid(number)));

  it("is the same id as a number and as text", () => {
    const forms = made.map((id) => written(idForm(id, random)));
    expect(forms.map(({ read }) => idIn(read))).toEqual(made);
    const integers = forms.filter(({ text }) => /^"?\d+"?$/.test(text));
    expect(integers.length / forms.length).toBeCloseTo(0.01, 2);
    expect(new Set(integers.map(({ text }) => text.startsWith('"')))).toEqual(new Set([true, false]));
  });

  it("is a UUID of version 7, but for the integers", () => {
    const uuid = /^018cc4e5-2200-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/;
    expect(made.filter((id) => !/^\d+$/.test(id) && !uuid.test(id))).toEqual([]);
    expect(new Set(made).size).toBe(made.length);
  });
});

describe("the name of a user", () => {
  it("is an integer for two neighbours of forty, which are one and the same floating-point number", () => {
    const names = Array.from({ length: 40 }, (_, rank) => userName(40 + rank));
    const integers = names.filter((name) => !name.startsWith("user_"));
    expect(integers).toEqual(["9007199254741039", "9007199254741040"]);
    expect(new Set(integers.map(Number)).size).toBe(1);
  });
});

describe("a written number", () => {
  it.each(["50.00", "1e-2", "9007199254740993", "0.1234567"])("stands in the JSON as it is written: %s", (text) => {
    expect(JSON.stringify({ amount: writtenNumber(text) })).toBe(`{"amount":${text}}`);
  });
});
