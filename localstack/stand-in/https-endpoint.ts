import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { LoopbackEndpoint, type LoopbackEndpointOptions } from "../endpoint/loopback-endpoint.ts";
import type { Skipped } from "./python.ts";

/** The customer's endpoint as a deployment asks for it: by https. */
export interface HttpsLoopbackEndpoint {
  readonly url: string;
  /** A file with the certificate that whoever sends to it has to trust. */
  readonly certificateFile: string;
  stop(): Promise<void>;
}

/** Starts an endpoint that checks signatures, on this machine, with a certificate of its own. */
export async function startHttpsEndpoint(options: LoopbackEndpointOptions): Promise<HttpsLoopbackEndpoint | Skipped> {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-endpoint-"));
  const certificate = makeCertificate(folder);
  if ("skipped" in certificate) {
    rmSync(folder, { recursive: true });
    return certificate;
  }
  const endpoint = await LoopbackEndpoint.start(options);
  const { port } = new URL(endpoint.url);
  const server = createServer(certificate, (socket) => {
    const inner = connect(Number(port), "127.0.0.1");
    socket.pipe(inner).pipe(socket);
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/`,
    certificateFile: join(folder, "cert.pem"),
    stop: async () => {
      server.close();
      await endpoint.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function makeCertificate(folder: string): { readonly key: Buffer; readonly cert: Buffer } | Skipped {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  } catch {
    return { skipped: "openssl is missing" };
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
