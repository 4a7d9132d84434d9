import { SqliteStateStore } from "../../localstack/embedded/sqlite-state-store.ts";
import { stateStoreContract } from "./state-store.contract.ts";

for (const atomic of [true, false]) {
  stateStoreContract({
    name: atomic ? "SQLite" : "SQLite without transactions",
    open: async () => {
      let now = Date.UTC(2024, 0, 1);
      const store = new SqliteStateStore({ path: ":memory:", clock: { now: () => now }, atomic });
      return {
        store,
        setNow: (ms: number) => {
          now = ms;
        },
        close: async () => store.close(),
      };
    },
  });
}
