/** kafkajs, once it is loaded: it takes a cold start some 30 ms, and a function may have nothing to send. */
let loaded: Promise<typeof import("kafkajs")> | undefined;

export function loadKafkajs(): Promise<typeof import("kafkajs")> {
  loaded ??= import("kafkajs").then(async (kafkajs) => {
    await stopIdlePolling();
    return kafkajs;
  });
  return loaded;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * From its first answer on, a connection of kafkajs 2.2.4 looks for waiting requests every millisecond, as long as it stands: it asks for a
 * timer of a negative time, of which Node 24 warns. Here it looks where one is waiting.
 * @see https://github.com/tulios/kafkajs/issues/1704
 * @see https://github.com/tulios/kafkajs/issues/1751
 */
async function stopIdlePolling(): Promise<void> {
  // @ts-expect-error: kafkajs has no types for its inside.
  const queue = await import("kafkajs/src/network/requestQueue/index.js");
  const { prototype } = queue.default as { readonly prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
