import type { NeededTopic } from "../../shared/settings/topics.ts";

/** Where topics are looked up and created. */
export interface TopicHost {
  /** The partitions of those of `names` that are there. */
  find(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** `taken`: there is one of that name by now, whoever made it. */
  create(topic: NeededTopic): Promise<"created" | "taken">;
  close(): Promise<void>;
}

/** Copies of each record, where there are brokers for so many. */
export const replicasMax = 3;

export interface TopicFinding extends NeededTopic {
  /** How many partitions it has; null where it isn't there. */
  readonly found: number | null;
  readonly status: "ok" | "missing" | "differs" | "created" | "taken";
}

/** How the topics stand that are needed. */
export async function findTopics(host: TopicHost, needed: readonly NeededTopic[]): Promise<TopicFinding[]> {
  const there = await host.find(needed.map(({ name }) => name));
  return needed.map((topic) => {
    const found = there.get(topic.name) ?? null;
    return { ...topic, found, status: statusOf(topic, found) };
  });
}

/** Creates what is missing, and nothing where another topic isn't as it should be: the settings may be what is wrong. */
export async function createMissing(host: TopicHost, findings: readonly TopicFinding[]): Promise<TopicFinding[]> {
  if (findings.some(({ status }) => status === "differs")) return [...findings];
  const done: TopicFinding[] = [];
  for (const finding of findings) {
    done.push(finding.status === "missing" ? { ...finding, status: await host.create(finding) } : finding);
  }
  return done;
}

/** Joined topics need the same number; what is written may have more partitions than it needs. */
function statusOf({ partitions, role }: NeededTopic, found: number | null): TopicFinding["status"] {
  if (found === null) return "missing";
  return found === partitions || (role !== "source" && found > partitions) ? "ok" : "differs";
}
