import { createHandler } from "./handler.ts";
import { wire } from "./wiring.ts";

/** What Lambda loads. A wrong environment fails here, at cold start, before any request is taken. */
export const handler = createHandler(wire(process.env));
