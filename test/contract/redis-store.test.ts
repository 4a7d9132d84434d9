import { RedisStore } from "../../shared/sinks/redis/redis-store.ts";
import { redisServer, skipRedis } from "../support/redis-server.ts";
import { engagement } from "../support/redis-views.ts";
import { resultStoreContract } from "./result-store.contract.ts";

const patient = { writeTimeout: 30_000, connectTimeout: 30_000 };

resultStoreContract({
  name: "RedisStore, on a server of its own,",
  skip: skipRedis,
  open: async (state) => {
    const server = await redisServer();
    // Nobody listens on the port of `tcpmux`.
    const store = new RedisStore({ url: state === "up" ? server.url : "redis://127.0.0.1:1", ...patient });
    const now = Date.now();
    return {
      store,
      // An event is its content's last one, so readers see an event each where each is of a content of its own.
      output: (entity, revision) => engagement({ event: entity, content: `of ${entity}`, time: now, revision }),
      read: async () => {
        const keys = await server.client.keys("content:last:*");
        const bodies = keys.length === 0 ? [] : await server.client.mget(keys);
        const events = bodies.map((body) => JSON.parse(String(body)));
        return events
          .sort((a, b) => a.event_id - b.event_id)
          .map(({ event_id, revision }) => ({ entity: String(event_id), revision }));
      },
      close: async () => {
        store.close();
        await server.close();
      },
    };
  },
});
