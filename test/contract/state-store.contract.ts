import { afterEach, describe } from "vitest";
import { atomicity } from "./atomically.contract.ts";
import { documents } from "./document-table.contract.ts";
import { dueLists } from "./due-lists.contract.ts";
import { entryLists } from "./entry-lists.contract.ts";
import { expiry } from "./expiry.contract.ts";
import { type OpenStateStore, start } from "./open-state-store.ts";

export interface StateStoreContract {
  readonly name: string;
  open(): Promise<OpenStateStore> | OpenStateStore;
  /** Why the tests can't run here; they are then listed as skipped. */
  readonly skip?: string | undefined;
}

/** What every `StateStore` must do, whatever it is made of. */
export function stateStoreContract({ name, open, skip }: StateStoreContract): void {
  describe.skipIf(skip !== undefined)(`${name} keeps the contract of a state store${skip ? ` (${skip})` : ""}`, () => {
    let opened: OpenStateStore | undefined;
    const fresh = async () => {
      opened = await open();
      opened.setNow(start);
      return opened;
    };
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });

    documents(fresh);
    expiry(fresh);
    dueLists(fresh);
    entryLists(fresh);
    atomicity(fresh);
  });
}
