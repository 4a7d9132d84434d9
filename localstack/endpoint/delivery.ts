import type { IncomingMessage } from "node:http";

/** One output as an endpoint gets it: `pipeline`, `entity`, `revision`, `final` and `body` beside the id. */
export interface DeliveredOutput {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** Why a request is answered with a 4xx or 5xx. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  constructor(status: number, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.status = status;
  }
}

const bodyBytesMax = 10 * 1024 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws {Problem} 413 beyond 10 MB, however the body is sent; the rest of it is left unread. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Problem(413, `the body is longer than ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * The outputs of a body: one JSON object, or an array of them, in order.
 *
 * @throws {Problem} 400: no JSON in UTF-8, or one of them has no id.
 */
export function parseOutputs(body: Uint8Array): readonly DeliveredOutput[] {
  const parsed = parseJson(body);
  const outputs: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return outputs.map((output, index) => {
    if (!isOutput(output))
      throw new Problem(400, `output ${index} of ${outputs.length} is no object with a string "id"`);
    return output;
  });
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch (cause) {
    throw new Problem(400, "the body is not valid JSON in UTF-8", { cause });
  }
}

function isOutput(value: unknown): value is DeliveredOutput {
  return (
    typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" && value.id !== ""
  );
}
