import { defineConfig } from "vitest/config";

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
        },
      },
      { test: { name: "slow", include: ["test/slow/**/*.test.ts", ofProcesses], testTimeout: 170_000 } },
      // The first start on a machine downloads what it runs.
      { test: { name: "real", include: ["test/real/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 300_000 } },
    ],
  },
});
