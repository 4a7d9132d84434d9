import { expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { interposedStore } from "../support/interposed-store.ts";
import { World } from "../support/world.ts";

const bad = (offset: number): LogRecord => {
  return { topic: "page_views", partition: 0, offset, timestamp: 1_000 + offset, key: null, value: Buffer.from("{") };
};

it("a try that adopts a longer one's rejections takes what is sent again behind them for no new log", async () => {
  let rowCommits = 0;
  const world = new World({
    settings: { partitions: 1 },
    interpose: (store) =>
      interposedStore(store, {
        beforeCommit: ({ key }) => {
          // The claim is stored, and the rejections are written; the progress behind them is not.
          if (key.startsWith("row|") && ++rowCommits === 2) throw new Error("killed");
        },
      }),
  });
  expect(await world.deliver([bad(0), bad(1)])).toHaveLength(1);
  expect(await world.deliver([bad(0)])).toEqual([]);
  expect((await world.row({ topic: "page_views", partition: 0 })).next).toEqual({ epoch: 0, offset: 2 });
  expect(await world.deliver([bad(0), bad(1)])).toEqual([]);
  expect((await world.rejections()).map((row) => row.offset)).toEqual([0, 1]);
  expect((await world.row({ topic: "page_views", partition: 0 })).next).toEqual({ epoch: 0, offset: 2 });
  world.end();
});
