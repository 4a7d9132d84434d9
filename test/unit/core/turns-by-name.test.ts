import { describe, expect, it } from "vitest";
import { turnsByName } from "../../../shared/core/turns-by-name.ts";

describe("turns by name", () => {
  const log: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      log.push(`${name} begins`);
      await new Promise(setImmediate);
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };

  it("come one after another for one name, side by side for others, and again after a failure", async () => {
    log.length = 0;
    const inTurn = turnsByName();
    const all = [
      inTurn("a", work("a1")),
      inTurn("a", work("a2", true)),
      inTurn("b", work("b1")),
      inTurn("a", work("a3")),
    ];
    const ends = await Promise.allSettled(all);
    expect(ends.map((end) => (end.status === "fulfilled" ? end.value : String(end.reason)))).toEqual([
      "a1",
      "Error: a2",
      "b1",
      "a3",
    ]);
    const ofA = log.filter((line) => line.startsWith("a"));
    expect(ofA).toEqual(["a1 begins", "a1 ends", "a2 begins", "a2 ends", "a3 begins", "a3 ends"]);
    expect(log.indexOf("b1 begins")).toBeLessThan(log.indexOf("a1 ends"));
    expect(await inTurn("a", work("a4"))).toBe("a4");
  });
});
