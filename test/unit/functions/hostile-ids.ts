import fc from "fast-check";

const longest = "x".repeat(1_024);

/** What an id may hold, and such an id. */
export const goodIds = [
  ["a pipe", "a|b"],
  ["slashes", "a/b//c/"],
  ["a slash first", "/a"],
  ["nothing but a slash", "/"],
  ["dots", ".."],
  ["dots between slashes", "../../openapi.json"],
  ["a percent sign", "100%"],
  ["what looks encoded", "a%2Fb%41%zz%25"],
  ["a hash, an ampersand, a plus and a blank", "a#b&c=d+e f"],
  ["other letters, and beyond the basic plane", "ü λ 日本 🦆 \u{10ffff}"],
  ["marks that combine, as they are", "e\u0301 \u00e9"],
  ["control characters", "\u0000\t\r\n\u001b\u007f\u0085\u2028"],
  ["quotes and backslashes", `"'\\ \\u0041 </script>`],
  ["a router's words", ":id{.*}*"],
  ["the name of a property that every object has", "__proto__"],
  ["1,024 bytes", longest],
  ["1,024 bytes in fewer characters", "🦆".repeat(256)],
] as const;

/** What is wrong with an id, such an id, and how a problem says it. */
export const badIds = [
  ["is missing", "", "must not be empty"],
  ["has 1,025 bytes", `${longest}x`, "must be at most 1024 bytes long in UTF-8"],
  ["has 1,026 bytes in fewer characters", `${"🦆".repeat(256)}é`, "must be at most 1024 bytes long in UTF-8"],
  ["has 10 KB", "x".repeat(10_240), "must be at most 1024 bytes long in UTF-8"],
  ["holds the first half of a surrogate pair", "a\ud83e", "must be valid UTF-8, percent-encoded"],
  ["holds the second half of a surrogate pair", "\udd86a", "must be valid UTF-8, percent-encoded"],
  ["held bytes that are no UTF-8", "a\ufffd", "must be valid UTF-8, percent-encoded"],
  ["holds a question mark", "a?b", "must hold no question mark"],
] as const;

/** Text that takes readers of paths apart: words of URLs and of this API, code units by chance, halves of pairs among them. */
const words = [
  "/",
  "%",
  "%2F",
  "%25",
  "%zz",
  "?",
  "#",
  "..",
  ".",
  "|",
  "\\",
  "\n",
  "\u0000",
  "\ufffd",
  "\ud83e",
  "\udd86",
  "🦆",
  "ü",
];
const more = [
  "0",
  "1",
  "1000",
  "1001",
  "generate",
  "total",
  "history",
  "duplicate",
  "openapi.json",
  "content",
  "last",
  "count",
  "minutes",
  "top",
  ":id",
  "{.*}",
  "*",
  "+",
  " ",
];
export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...words, ...more),
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom("x", "ü", "🦆").chain((one) => fc.integer({ min: 200, max: 1_100 }).map((n) => one.repeat(n))),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

/** What the contract says of an id, without a word of the product. */
export function isGoodId(id: string): boolean {
  const bytes = Buffer.from(id);
  return id.length > 0 && bytes.length <= 1_024 && bytes.toString() === id && !/[?\ufffd]/.test(id);
}
