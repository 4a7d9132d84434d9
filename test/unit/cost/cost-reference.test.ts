import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { costPage, costReference } from "../../../infra/cost/cost-reference.ts";

it("docs/reference/cost.md is what the model says", () => {
  expect(readFileSync(costReference, "utf8"), "it is stale; this writes it: npm run reference").toBe(costPage());
});
