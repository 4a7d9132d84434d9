import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ISocketFactory } from "kafkajs";

/** Connections that can all be cut at once, with none after them: kafkajs goes on trying for a while when nobody waits for it any more. */
export interface Sockets {
  readonly open: ISocketFactory;
  close(): void;
}

const keepAliveMs = 60_000;

export function cuttableSockets(): Sockets {
  const sockets = new Set<Socket>();
  let isClosed = false;
  return {
    open({ host, port, ssl, onConnect }) {
      if (isClosed) throw new Error("cut by this side");
      const socket = ssl
        ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
        : connectTcp({ host, port }, onConnect);
      socket.setKeepAlive(true, keepAliveMs);
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
    close() {
      isClosed = true;
      // Without an error kafkajs would not notice, and wait.
      for (const socket of sockets) socket.destroy(new Error("cut by this side"));
    },
  };
}
