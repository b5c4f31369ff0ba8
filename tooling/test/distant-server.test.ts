import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { type DistantServer, startDistantServer } from "../src/tcp-proxy/index.js";

/** A server that does so with each connection, from afar. */
async function startDistant(
  roundTripMs: number,
  serve: (socket: Socket) => void,
): Promise<DistantServer> {
  const server: Server = createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const distant = await startDistantServer((server.address() as AddressInfo).port, roundTripMs);
  onTestFinished(() => distant.close());
  return distant;
}

function open({ port }: DistantServer): Socket {
  return connect({ port, host: "127.0.0.1", allowHalfOpen: true });
}

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

for (const roundTripMs of [0, 7]) {
  it(`passes everything on in its order, and its end after it, at ${roundTripMs} ms`, async () => {
    const distant = await startDistant(roundTripMs, (socket) => socket.pipe(socket));
    const sent = Array.from({ length: 400 }, (_, i) => randomBytes(1 + ((i * 7919) % 50_000)));
    const client = open(distant);
    const echoed = buffer(client);
    for (const piece of sent)
      if (!client.write(piece)) await new Promise((resolve) => client.once("drain", resolve));
    client.end();
    expect(digest(await echoed)).toBe(digest(Buffer.concat(sent)));
  });
}

it("tells the client when the server resets the connection", async () => {
  const distant = await startDistant(5, (socket) => {
    socket.on("data", () => socket.resetAndDestroy());
  });
  const client = open(distant);
  client.resume().write("hello");
  await expect(once(client, "end")).rejects.toMatchObject({ code: "ECONNRESET" });
});
