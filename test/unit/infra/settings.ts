/** A deployment with everything that there is. */
const secret = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;

export const everything = {
  pipelines: {
    attribution: { partitions: 6, sinks: ["s3", "http", "kafka"] },
    conversions: { partitions: 4, sinks: ["s3", "kafka"] },
    dedupe: { partitions: 3, sinks: ["s3", "kafka"] },
    windows: { partitions: 3, sinks: ["s3", "kafka"] },
    engagement: { partitions: 2, sinks: ["s3", "http", "kafka", "views", "clickhouse", "redis"] },
    purchases: { partitions: 5, sinks: ["s3", "views"] },
  },
  endpoint: { url: "https://example.com/events", secretArn: secret("endpoint"), ratePerSecond: 50 },
  clickhouse: { url: "https://clickhouse.example.com:8443", secretArn: secret("clickhouse") },
  redis: { url: "rediss://cache.example.com:6379", secretArn: secret("redis") },
  postgres: { secretArn: secret("postgres") },
} as const;

export const withProvisioned = { ...everything, pollers: { mode: "provisioned" } } as const;
