import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The processes that tests start load what an earlier one of them has compiled: half of what a short command costs.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("./node_modules/.cache/node", import.meta.url));

/** Tests of commands that start many processes. */
const ofProcesses = "test/unit/cli/{usage,invoke,replay,start}.test.ts";

/**
 * `fast` is what `npm run check` runs; `slow` starts processes, kills them, and replays hundreds of thousands of records. `real` starts
 * databases and Java programs that npm doesn't bring; `npm test` leaves it out, `npm run test:real` runs it.
 */
export default defineConfig({
  test: {
    // One more than the cores that CI has: many tests wait for processes that they started.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/slow/**", "test/real/**", ofProcesses],
          testTimeout: 30_000,
          // Files share the modules that a worker has loaded: what a test changes in the process it puts back.
          isolate: false,
        },
      },
      {
        test: {
          name: "slow",
          include: ["test/slow/**/*.test.ts", ofProcesses],
          testTimeout: 170_000,
          // Replays leave tens of thousands of files, which are removed again.
          hookTimeout: 300_000,
        },
      },
      // The first start on a machine downloads what it runs.
      { test: { name: "real", include: ["test/real/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 300_000 } },
    ],
  },
});
