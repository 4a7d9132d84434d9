import { PostgresEventRows } from "../../shared/sources/postgres/postgres-event-rows.ts";
import { year } from "./postgres-rows-world.ts";

/** A program that reads all events of a year from the server at a URL, and prints how many there were and what memory it took. */
const [url = "", portion = "500"] = process.argv.slice(2);
const reader = new PostgresEventRows({ url });
let rows = 0;
for await (const page of reader.read(year, Number(portion))) rows += page.length;
await reader.close();
process.stdout.write(JSON.stringify({ rows, rssMaxBytes: process.resourceUsage().maxRSS * 1_024 }));
