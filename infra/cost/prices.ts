/** What AWS asks for something. */
export interface Price {
  readonly dollars: number;
  /** One of these costs so much. */
  readonly unit: string;
  /** `aws`: AWS's own pages or tools say so. `copied`: somebody else's copy of them does; look it up before you rely on it. */
  readonly source: "aws" | "copied";
}

/** Where and when: in US dollars, on demand, without any free tier, savings plan or reservation. */
export const priceList = { region: "us-east-1", asOf: "2026-11-21" } as const;

const aws = (dollars: number, unit: string): Price => ({ dollars, unit, source: "aws" });
const copied = (dollars: number, unit: string): Price => ({ dollars, unit, source: "copied" });

/**
 * @see https://aws.amazon.com/dynamodb/pricing/on-demand, and the pricing page of each of the others
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html for event poller units
 */
export const prices = {
  dynamoWriteUnits: aws(0.625, "million write units"),
  dynamoReadUnits: aws(0.125, "million read units"),
  dynamoStorage: aws(0.25, "GB and month"),
  dynamoRecovery: copied(0.2, "GB and month, for point-in-time recovery"),
  lambdaRequests: copied(0.2, "million requests"),
  lambdaGbSeconds: copied(13.3334, "million GB-seconds on arm64"),
  eventPollerUnit: aws(0.185, "hour of a unit: 20 MB/s, ten pollers"),
  s3Puts: copied(5, "million objects written"),
  s3Storage: copied(0.023, "GB and month"),
  kmsKey: copied(1, "key and month; one more for each of its first two yearly rotations"),
  kmsRequests: copied(3, "million requests"),
  logIngestion: copied(0.5, "GB written"),
  logStorage: copied(0.03, "GB and month"),
  metric: copied(0.3, "metric and month, of the first 10,000"),
  alarm: copied(0.1, "alarm and month"),
  dashboard: copied(3, "dashboard and month"),
  traces: copied(5, "million traces"),
  secret: copied(0.4, "secret and month"),
  interfaceEndpoint: copied(0.01, "hour in an availability zone"),
  interfaceData: copied(0.01, "GB through an endpoint"),
  connectUnit: copied(0.11, "hour of a unit of MSK Connect"),
  natGateway: copied(0.045, "hour"),
  natData: copied(0.045, "GB through a gateway"),
  standardSmallBroker: copied(0.0456, "hour of a kafka.t3.small"),
  standardLargeBroker: aws(0.204, "hour of a kafka.m7g.large"),
  standardStorage: aws(0.1, "GB of disk and month"),
  expressBroker: aws(0.408, "hour of an express.m7g.large"),
  expressIngest: aws(0.01, "GB written"),
  expressStorage: copied(0.1, "GB and month"),
  serverlessCluster: copied(0.75, "hour"),
  serverlessPartition: copied(0.0015, "hour of a partition"),
  serverlessIn: copied(0.1, "GB written"),
  serverlessOut: copied(0.05, "GB read"),
  serverlessStorage: copied(0.1, "GB and month"),
} as const satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof prices;
