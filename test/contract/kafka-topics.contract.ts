import { describe, expect, it } from "vitest";
import type { TopicHost } from "../../localstack/topics/topic-host.ts";
import type { NeededTopic } from "../../shared/settings/topics.ts";

export interface OpenTopics {
  readonly host: TopicHost;
  /** A name that is free. */
  readonly free: string;
  close(): Promise<void>;
}

export interface KafkaTopicsContract {
  readonly where: string;
  readonly skip?: string | undefined;
  open(): Promise<OpenTopics>;
}

export const topic = (name: string, more: Partial<NeededTopic> = {}): NeededTopic => ({
  ...{ name, partitions: 3, role: "source", cleanup: "delete" },
  ...more,
});

/** What `kafkaTopics` must do, whatever cluster it is of. */
export function kafkaTopicsContract({ where, skip, open }: KafkaTopicsContract): void {
  describe.skipIf(skip)(`kafkaTopics, on ${where}${skip ? ` (skipped: ${skip})` : ""},`, () => {
    it("finds what it has created, and nothing that isn't there", async () => {
      const { host, free, close } = await open();
      try {
        expect(await host.find([free])).toEqual(new Map());
        expect(await host.create(topic(free))).toBe("created");
        expect(await host.create(topic(`${free}-table`, { partitions: 1, cleanup: "compact" }))).toBe("created");
        const found = () => host.find([free, `${free}-table`, `${free}-missing`]);
        await expect.poll(found).toEqual(new Map([[free, 3], [`${free}-table`, 1]])); // biome-ignore format: one pair each
      } finally {
        await close();
      }
    });

    it("leaves a topic that is there as it is", async () => {
      const { host, free, close } = await open();
      try {
        await host.create(topic(free));
        await expect.poll(() => host.find([free])).toEqual(new Map([[free, 3]]));
        expect(await host.create(topic(free, { partitions: 5 }))).toBe("taken");
        expect(await host.find([free])).toEqual(new Map([[free, 3]]));
      } finally {
        await close();
      }
    });
  });
}
