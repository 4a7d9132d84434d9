/**
 * What the model takes for granted. Write units, read units, requests, objects and batches are counted (`measured.ts`), prices are AWS's
 * (`prices.ts`); these are neither. Times in Lambda have not been measured on AWS yet.
 */
export const assumptions = {
  hoursPerMonth: 730,
  availabilityZones: 3,
  /** A consumer's invocation: four round trips in a row, and the object of its rows. */
  invocationMs: 60,
  /** On 512 MB, which is 0.3 of a core. */
  msPerRecord: 0.3,
  msPerRequest: 2,
  /** An invocation of `finalize`: where there is something to close, and where there isn't. */
  closingMs: 500,
  idleClosingMs: 100,
  /** An invocation of a function that sends, and each result that it sends. */
  sendingMs: 200,
  msPerResult: 1,
  /** Results that leave at once, per record. */
  resultsPerRecord: 0.7,
  /** A line of metrics. Lambda's own lines are switched off. */
  logBytesPerInvocation: 700,
  /** What Lambda traces: the first request of each second, and so many of the others. */
  tracedPart: 0.05,
  /** A table or a function asks for its key anew every five minutes. */
  keyRequestsPerHour: 12,
  /** With a bucket key. */
  keyRequestsPerObject: 0.01,
  parquetBytesPerRecord: 100,
  /** With the 100 bytes that DynamoDB adds to each item. */
  stateBytes: 1_500,
  windowBytes: 600,
  factBytes: 300,
  /** What a poller puts around a record, beside base64. */
  envelopeBytes: 150,
  topicRetentionDays: 7,
  replicas: 3,
  /** What one poller and one event poller unit take. */
  pollerMegabytesPerSecond: 5,
  pollersPerUnit: 10,
  unitMegabytesPerSecond: 20,
} as const;
