import fc from "fast-check";
import { expect, it } from "vitest";
import { desk, request } from "../unit/functions/api-requests.ts";

const numRuns = Number(process.env.FUZZ_RUNS ?? 500);

const word = fc.oneof(
  fc.constantFrom(
    "generate",
    "duplicate",
    "total",
    "history",
    "content",
    "top",
    "last",
    "count",
    "minutes",
    "openapi.json",
  ),
  fc.constantFrom(
    "1",
    "0",
    "-1",
    "1001",
    "1e3",
    "",
    ".",
    "..",
    "%2e%2e",
    "%",
    "%ZZ",
    "\u0000",
    "\ud800",
    "a b",
    "'; --",
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.constant("x".repeat(3_000)),
);
const query = fc.oneof(
  fc.string(),
  fc
    .dictionary(fc.constantFrom("limit", "next", "minutes", "__proto__"), fc.string())
    .map((all) => `${new URLSearchParams(all)}`),
);
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "BREW");

it("the API answers every request, whatever it asks, in JSON and without an error of its own", async () => {
  const { ask } = desk();
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(method, fc.array(word, { maxLength: 5 }), query, async (verb, path, search) => {
      const answer = await ask(request(verb, `/${path.join("/")}`, search));
      seen.add(answer.status);
      expect([200, 204, 400, 404, 405]).toContain(answer.status);
    }),
    {
      numRuns,
      examples: [
        ["GET", ["total", "user_1"], ""],
        ["GET", ["content", "top"], "minutes=0"],
        ["PUT", ["content", "top"], ""],
        ["OPTIONS", ["content", "top"], ""],
        ["GET", ["nothing"], ""],
      ],
    },
  );
  expect([...seen].sort()).toEqual([200, 204, 400, 404, 405]);
});
