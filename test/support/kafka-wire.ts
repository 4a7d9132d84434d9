/** Kafka's binary protocol, as far as a producer speaks it. @see https://kafka.apache.org/protocol */

/** Reads a request, field by field. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  passOver(bytes: number): this {
    this.#at += bytes;
    return this;
  }

  int8 = () => this.#take(1).readInt8();
  int16 = () => this.#take(2).readInt16BE();
  int32 = () => this.#take(4).readInt32BE();
  int64 = () => this.#take(8).readBigInt64BE();
  bytes = () => this.#take(Math.max(this.int32(), 0));

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#take(length).toString();
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(this.int32(), 0) }, read);
  }

  /** A zigzag-encoded number of variable length. */
  varint(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#take(1).readUInt8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n));
    }
  }

  varbytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.#take(length);
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError("the request ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

export const int8 = (value: number) => Buffer.of(value & 0xff);
export const int16 = (value: number) => Buffer.of((value >> 8) & 0xff, value & 0xff);
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
export const string = (text: string) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
export const array = <T>(items: readonly T[], write: (item: T) => Buffer) =>
  Buffer.concat([int32(items.length), ...items.map(write)]);

export interface SentRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RecordBatch {
  readonly producerId: number;
  readonly firstSequence: number;
  readonly records: readonly SentRecord[];
}

/** A record batch of version 2, not compressed. */
export function readRecordBatch(bytes: Buffer): RecordBatch {
  const reader = new WireReader(bytes).passOver(8 + 4 + 4);
  if (reader.int8() !== 2) throw new RangeError("not a record batch of version 2");
  reader.passOver(4);
  if (reader.int16() !== 0) throw new RangeError("compressed, or of a transaction");
  reader.passOver(4);
  const firstTimestamp = Number(reader.int64());
  reader.passOver(8);
  const producerId = Number(reader.int64());
  reader.passOver(2);
  const firstSequence = reader.int32();
  const records = reader.array((): SentRecord => {
    reader.varint();
    reader.int8();
    const timestamp = firstTimestamp + reader.varint();
    reader.varint();
    const [key, value] = [reader.varbytes(), reader.varbytes()];
    const headers = Array.from({ length: reader.varint() }, () => [`${reader.varbytes()}`, `${reader.varbytes()}`]);
    return {
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
      timestamp,
      headers: Object.fromEntries(headers),
    };
  });
  return { producerId, firstSequence, records };
}
