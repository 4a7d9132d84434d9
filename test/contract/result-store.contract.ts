import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Output } from "../../shared/ports/output.ts";
import type { ResultStore } from "../../shared/ports/result-store.ts";

/** A store and what readers see of it. */
export interface OpenResultStore {
  readonly store: ResultStore;
  /** A result of `entity`, as this store takes them. Other revisions of it differ in more than their number. */
  output(entity: number, revision: number): Output;
  /** The newest revision of each result, as readers see it, by entity. */
  read(): Promise<readonly { readonly entity: string; readonly revision: number }[]>;
  close(): Promise<void> | void;
}

export interface ResultStoreContract {
  readonly name: string;
  /** Why it can't be tested here. */
  readonly skip?: string | undefined;
  /** `down`: nobody listens. */
  open(state: "up" | "down"): Promise<OpenResultStore> | OpenResultStore;
}

const accepted = { kind: "accepted" };
const unavailable = { kind: "unavailable", reason: expect.stringMatching(/./) };

/** What every `ResultStore` must do, whatever it is made of. */
export function resultStoreContract({ name, skip, open }: ResultStoreContract): void {
  describe.skipIf(skip)(`${name} keeps the contract of a result store${skip ? ` (skipped: ${skip})` : ""}`, () => {
    let opened: OpenResultStore | undefined;
    const start = async (state: "up" | "down" = "up") => {
      opened = await open(state);
      return opened;
    };
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });

    it("shows what is written", async () => {
      const { store, output, read } = await start();
      expect(await store.write([output(2, 1), output(10, 3)])).toEqual(accepted);
      expect(await read()).toEqual(seen("2:1 10:3"));
    });

    it("writes nothing of an empty batch, and says accepted", async () => {
      const { store, read } = await start();
      expect(await store.write([])).toEqual(accepted);
      expect(await read()).toEqual([]);
    });

    it("changes nothing where an output comes again, in other company too", async () => {
      const { store, output, read } = await start();
      await store.write([output(1, 1), output(2, 1)]);
      expect(await store.write([output(1, 1), output(2, 1)])).toEqual(accepted);
      expect(await store.write([output(3, 1), output(2, 1), output(2, 1)])).toEqual(accepted);
      expect(await read()).toEqual(seen("1:1 2:1 3:1"));
    });

    it("replaces an older revision by a newer one", async () => {
      const { store, output, read } = await start();
      await store.write([output(1, 1), output(2, 1)]);
      expect(await store.write([output(1, 2)])).toEqual(accepted);
      expect(await read()).toEqual(seen("1:2 2:1"));
    });

    it("never replaces a newer revision by an older one", async () => {
      const { store, output, read } = await start();
      await store.write([output(1, 10)]);
      expect(await store.write([output(1, 9), output(1, 2)])).toEqual(accepted);
      expect(await read()).toEqual(seen("1:10"));
    });

    it("keeps the newest of several revisions in one batch, in any order", async () => {
      const { store, output, read } = await start();
      expect(await store.write([output(1, 2), output(1, 10), output(1, 9), output(2, 1), output(2, 2)])).toEqual(
        accepted,
      );
      expect(await read()).toEqual(seen("1:10 2:2"));
    });

    it("takes a large batch", async () => {
      const { store, output, read } = await start();
      const outputs = Array.from({ length: 2_500 }, (_, i) => output(i, 1));
      expect(await store.write(outputs)).toEqual(accepted);
      expect((await read()).map(({ entity }) => entity)).toEqual(outputs.map(({ entity }) => entity));
    });

    it("shows the newest revisions, however the outputs are mixed, cut and repeated", async () => {
      const { store, output, read } = await start();
      const revision = fc.record({ entity: fc.nat(30), revision: fc.integer({ min: 1, max: 12 }) });
      const batches = fc.sample(fc.array(revision, { maxLength: 12 }), { numRuns: 40, seed: 3 });
      const newest = new Map<number, number>();
      for (const batch of batches) {
        const outputs = batch.map((each) => output(each.entity, each.revision));
        expect(await store.write(outputs)).toEqual(accepted);
        for (const each of batch) newest.set(each.entity, Math.max(newest.get(each.entity) ?? 0, each.revision));
      }
      const expected = [...newest].sort(([a], [b]) => a - b).map(([entity, of]) => `${entity}:${of}`);
      expect(await read()).toEqual(seen(expected.join(" ")));
    });

    it("takes writes that don't wait for one another", async () => {
      const { store, output, read } = await start();
      const writes = Array.from({ length: 20 }, (_, i) => store.write([output(i % 4, (i * 7) % 20), output(i, 1)]));
      expect(await Promise.all(writes)).toEqual(writes.map(() => accepted));
      const expected = Array.from({ length: 20 }, (_, i) => `${i}:${[16, 19, 18, 17][i] ?? 1}`);
      expect(await read()).toEqual(seen(expected.join(" ")));
    });

    it("says unavailable, and doesn't throw, where nobody listens", async () => {
      const { store, output } = await start("down");
      expect(await store.write([output(1, 1)])).toEqual(unavailable);
      expect(await store.write([output(1, 1)])).toEqual(unavailable);
    });

    it("writes nothing when the signal has already fired", async () => {
      const { store, output, read } = await start();
      expect(await store.write([output(1, 1)], AbortSignal.abort())).toEqual(unavailable);
      expect(await read()).toEqual([]);
      expect(await store.write([output(2, 1)])).toEqual(accepted);
      expect(await read()).toEqual(seen("2:1"));
    });
  });
}

/** `1:2 3:1`: revision 2 of entity 1, revision 1 of entity 3. */
function seen(text: string) {
  return text.split(" ").map((each) => {
    const [entity, revision] = each.split(":");
    return { entity, revision: Number(revision) };
  });
}
