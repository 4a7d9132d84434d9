import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../../functions/api/openapi.ts";
import { operations } from "../../functions/api/routes.ts";

export const openApiReference = fileURLToPath(new URL("../../docs/reference/openapi.json", import.meta.url));

/** The OpenAPI document of all that the API can be asked, as it is checked in. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(operations), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(openApiReference, openApiText());
