import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Session } from "../../../shared/sources/postgres/session.ts";

/** `AuthenticationOk`, then `ReadyForQuery`: all that a server says to who connects. */
const welcome = Buffer.from([...Buffer.from("R"), 0, 0, 0, 8, 0, 0, 0, 0, ...Buffer.from("Z"), 0, 0, 0, 5, 0x49]);
const limits = { connecting: 1_000, roundTrips: 60, goodbye: 50 };
const question = { text: "SELECT 1", values: [], timeLimit: 40 };

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A session with a server that says `hello` and nothing more, and never hangs up. */
async function sessionWith(hello: Buffer): Promise<{ session: Session; connected: Promise<Socket> }> {
  const sockets: Socket[] = [];
  const { promise: connected, resolve } = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.once("data", () => {
      socket.write(hello);
      resolve(socket);
    });
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { session: new Session(`postgres://u:p@127.0.0.1:${port}/app`, limits), connected };
}

const saidOf = (work: Promise<unknown>) =>
  work.then(
    () => "answered",
    (error: Error) => error.message,
  );

describe("a session with a server that falls silent", () => {
  it("gives up while it connects", async () => {
    const { session } = await sessionWith(Buffer.alloc(0));
    expect(await saidOf(session.ask(question))).toBe("timeout expired");
  });

  it("gives up on a question, a while after the server should have", async () => {
    const { session } = await sessionWith(welcome);
    expect(await saidOf(session.ask(question))).toBe("no answer within 1100 ms");
  });

  it("can be ended while it connects", async () => {
    const { session, connected } = await sessionWith(Buffer.alloc(0));
    const said = saidOf(session.ask(question));
    await connected;
    await session.end();
    expect(await said).toBe("Connection terminated");
  });

  it("can be ended while it waits for an answer", async () => {
    const { session, connected } = await sessionWith(welcome);
    const said = saidOf(session.ask(question));
    await once(await connected, "data");
    await session.end();
    expect(await said).toBe("Connection terminated");
  });

  it("can be ended before it has asked anything", async () => {
    const { session } = await sessionWith(welcome);
    await session.end();
    expect(await saidOf(session.ask(question))).toBe("no answer within 1100 ms");
  });
});
