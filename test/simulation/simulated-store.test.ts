import { stateStoreContract } from "../contract/state-store.contract.ts";
import { openGate, SimulatedTables, simulatedStore } from "./simulated-store.ts";

for (const splits of [false, true]) {
  stateStoreContract({
    name: splits ? "SimulatedTables whose requests are split" : "SimulatedTables",
    open: () => {
      let now = 0;
      const gate = { ...openGate, splits: () => splits };
      const store = simulatedStore(new SimulatedTables(), { now: () => now }, gate);
      const setNow = (ms: number) => {
        now = ms;
      };
      return { store, setNow, close: () => {} };
    },
  });
}
