import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packedLength, packUuid } from "../../../../shared/pipelines/windows/packed-uuid.ts";

const uuid = "864fd26f-b559-f75b-0000-0000ffffffff";
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** The way back, over one large number. */
function unpacked(text: string): string {
  const words = [0, 5, 10, 15].map((at) =>
    [...text.slice(at, at + 5)].reduce((value, digit) => value * 85n + BigInt(alphabet.indexOf(digit)), 0n),
  );
  const hex = words.map((word) => word.toString(16).padStart(8, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

describe("packUuid", () => {
  it("packs the example of the Z85 specification, and the ends of a word", () => {
    expect(packUuid(uuid)).toBe("HelloWorld00000%nSc0");
  });

  it("loses nothing", () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const packed = packUuid(id) as string;
        expect(packed).toHaveLength(packedLength);
        expect(unpacked(packed)).toBe(id);
      }),
      { seed: 20_240_101, numRuns: 1_000 },
    );
  });

  it("makes nothing that JSON would have to escape", () => {
    expect(JSON.stringify(alphabet)).toHaveLength(alphabet.length + 2);
  });

  it.each([
    ["with a capital letter", uuid.replace("fd", "fD")],
    ["without hyphens", uuid.replaceAll("-", "")],
    ["in braces", `{${uuid}}`],
    ["with a line break behind it", `${uuid}\n`],
    ["of 36 characters with a letter that is no digit", uuid.replace("f", "g")],
    ["with a hyphen at another place", "864fd26fb-559-f75b-0000-0000ffffffff"],
    ["that is empty", ""],
  ])("leaves alone an id %s", (_, id) => {
    expect(packUuid(id)).toBeUndefined();
  });
});
