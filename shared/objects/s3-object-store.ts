import { setTimeout } from "node:timers/promises";
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { StreamError } from "../core/errors.ts";
import { checkObjectName } from "../core/object-name.ts";
import type { DurationMs } from "../core/units.ts";
import type { ObjectStore } from "../ports/object-store.ts";

export interface S3ObjectStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Where in the bucket the objects lie, without a slash at its end. Default: at its root. */
  readonly prefix?: string;
  /** From 0 up to 1: the jitter of waits. */
  readonly random?: () => number;
  readonly sleep?: (delay: DurationMs) => Promise<unknown>;
}

/** Creations that met another one of the same name in progress, before this one gives up. Their waits add up to 2 s on average. */
const conflictsMax = 6;
const firstDelayMax: DurationMs = 100;

/** Objects in an S3 bucket. What the SDK throws after its own retries is passed on as it is. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #folder: string;
  readonly #random: () => number;
  readonly #sleep: (delay: DurationMs) => Promise<unknown>;

  /** @throws {StreamError} fault `bug`: `prefix` is no object name. */
  constructor({ client, bucket, prefix = "", random = Math.random, sleep = setTimeout }: S3ObjectStoreOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#folder = prefix === "" ? "" : `${checkObjectName(prefix)}/`;
    this.#random = random;
    this.#sleep = sleep;
  }

  /** An object whose creation succeeded, but whose answer was lost, is `taken` for the SDK's next try. */
  async create(name: string, bytes: Uint8Array): Promise<"created" | "taken"> {
    const input = { Bucket: this.#bucket, Key: this.#keyOf(name), Body: bytes, IfNoneMatch: "*" };
    for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
      try {
        await this.#client.send(new PutObjectCommand(input));
        return "created";
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) return "taken";
        if (status !== 409) throw error;
        // ConditionalRequestConflict: another creation is under way, and S3 doesn't say how it ended. It asks to try again.
        await this.#sleep(this.#random() * firstDelayMax * 2 ** conflicts);
      }
    }
    throw new StreamError(
      "dependency",
      `s3://${this.#bucket}/${input.Key}: met another creation ${conflictsMax} times in a row`,
    );
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: this.#keyOf(name) }));
      return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      // A bucket that doesn't exist is a 404 as well, and no answer.
      if (statusOf(error) === 404 && (error as Error).name !== "NoSuchBucket") return undefined;
      throw error;
    }
  }

  /** S3 lists in the order of the names' UTF-8 bytes, which is that of their code points. */
  async *list(prefix: string): AsyncGenerator<string> {
    const input = { Bucket: this.#bucket, Prefix: this.#folder + prefix };
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({ ...input, ...(token && { ContinuationToken: token }) }),
      );
      for (const { Key } of page.Contents ?? []) {
        if (Key !== undefined) yield Key.slice(this.#folder.length);
      }
      token = page.NextContinuationToken;
    } while (token);
  }

  #keyOf(name: string): string {
    return this.#folder + checkObjectName(name);
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
