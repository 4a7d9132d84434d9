import { defineConfig } from "vitest/config";

/** Tests of commands that start many processes. */
const ofProcesses = "test/unit/cli/{usage,invoke,replay,start}.test.ts";

/** `fast` is what `npm run check` runs; `slow` starts processes, kills them, and replays hundreds of thousands of records. */
export default defineConfig({
  test: {
    // One more than the cores that CI has: many tests wait for processes that they started.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/slow/**", ofProcesses],
          testTimeout: 30_000,
        },
      },
      { test: { name: "slow", include: ["test/slow/**/*.test.ts", ofProcesses], testTimeout: 170_000 } },
    ],
  },
});
