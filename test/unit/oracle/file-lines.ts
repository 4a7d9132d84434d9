/** A record to be written into a file. An object becomes its JSON text. */
export interface Sent {
  readonly payload: object | string | null;
  readonly partition?: number;
  readonly ts: number;
}

/** The lines of a record file with these records of one topic, in this order. Offsets count on in each partition. */
export function fileLines(topic: string, records: readonly Sent[]): string[] {
  const offsets = new Map<number, number>();
  return records.map(({ payload, partition = 0, ts }) => {
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    const text = typeof payload === "object" && payload !== null ? JSON.stringify(payload) : payload;
    return JSON.stringify({ topic, partition, offset, tstype: "create", ts, key: null, payload: text });
  });
}

interface Told {
  readonly fate: string;
  readonly reason: string | null;
}

/** `accepted`, `duplicate`, `ignored`, or the reason of a rejection. */
export function toldFates(fates: readonly Told[]): string[] {
  return fates.map(({ fate, reason }) => reason ?? fate);
}

/** 12:00 on a day in 2024, and so many seconds. */
export function noon(seconds = 0): number {
  return Date.UTC(2024, 0, 1, 12) + seconds * 1_000;
}
