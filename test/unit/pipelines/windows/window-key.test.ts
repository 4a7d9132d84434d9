import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyOfWindow, readWindowKey } from "../../../../shared/pipelines/windows/window-key.ts";

const start = Date.parse("2024-01-01T12:10:00Z");

describe("the key of a window", () => {
  it.each([
    ["user_1", start, "user_1|2024-01-01T12:10:00Z"],
    ["42", 0, "42|1970-01-01T00:00:00Z"],
    ["user_1", start + 250, "user_1|2024-01-01T12:10:00.250Z"],
    ["a|b", start, "a|b|2024-01-01T12:10:00Z"],
    ["|", start, "||2024-01-01T12:10:00Z"],
    ["user|2024-01-01T12:10:00Z", start, "user|2024-01-01T12:10:00Z|2024-01-01T12:10:00Z"],
    ["😀", start, "😀|2024-01-01T12:10:00Z"],
  ])("of user %s from %d is %s, and is read as such", (user, time, key) => {
    expect(keyOfWindow(user, time)).toBe(key);
    expect(readWindowKey(key)).toEqual({ user, start: time });
  });

  it("is read as the user and the start that it was made of, whatever the user is called", () => {
    const user = fc.string({ unit: fc.constantFrom("|", "1", ":", "-", "T", "Z", "é", "😀", "\n"), minLength: 1 });
    fc.assert(
      fc.property(user, fc.nat({ max: 253_402_300_799_999 }), (name, time) => {
        expect(readWindowKey(keyOfWindow(name, time))).toEqual({ user: name, start: time });
      }),
      { seed: 20_240_101 },
    );
  });

  it.each(["user_1", "", "user_1|", "user_1|noon", "2024-01-01T12:10:00Z"])("is never %j", (key) => {
    expect(() => readWindowKey(key)).toThrow(`${key} is no key of a window`);
  });
});
