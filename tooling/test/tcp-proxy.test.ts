import { connect, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "../src/tcp-proxy/index.js";

let server: Server;
let proxy: TcpProxy;
/** Everything the server was sent. It answers each piece with the same in capitals. */
let heard: string;

beforeEach(async () => {
  heard = "";
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (piece) => {
      heard += piece.toString();
      socket.write(piece.toString().toUpperCase());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy = await startTcpProxy((server.address() as { port: number }).port);
});
afterEach(async () => {
  await proxy.close();
  server.close();
});

/** Says something, and tells what came back until so much was there or the connection ended. */
async function say(
  text: string,
  enough = text.length,
): Promise<{ answer: string; reset: boolean }> {
  return await new Promise((resolve) => {
    let answer = "";
    const socket = connect(proxy.port, "127.0.0.1", () => socket.write(text));
    const finish = (reset: boolean) => {
      socket.destroy();
      resolve({ answer, reset });
    };
    socket.on("data", (piece) => {
      answer += piece.toString();
      if (answer.length >= enough) finish(false);
    });
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
  });
}

describe("the proxy", () => {
  it("passes everything on where nothing was armed", async () => {
    expect(await say("hello")).toEqual({ answer: "HELLO", reset: false });
    expect(proxy.struck).toEqual({ all: 0, afterActing: 0 });
  });

  it("resets before the server hears of the request", async () => {
    proxy.arm({ kind: "reset", when: "before" });
    expect(await say("hello")).toEqual({ answer: "", reset: true });
    expect(heard).toBe("");
    expect(proxy.struck).toEqual({ all: 1, afterActing: 0 });
  });

  it("resets after the server has acted, and keeps its answer back", async () => {
    proxy.arm({ kind: "reset", when: "after" });
    expect(await say("hello")).toEqual({ answer: "", reset: true });
    expect(heard).toBe("hello");
    expect(proxy.struck).toEqual({ all: 1, afterActing: 1 });
    expect((await say("again")).answer).toBe("AGAIN");
  });

  it("cuts a request at the byte, and a reply", async () => {
    proxy.arm({ kind: "cut", direction: "request", afterBytes: 3 });
    expect((await say("hello", 99)).reset).toBe(true);
    await expect.poll(() => heard).toBe("hel");
    proxy.arm({ kind: "cut", direction: "reply", afterBytes: 3 });
    expect((await say("world", 99)).answer.length).toBeLessThanOrEqual(3);
    expect(heard).toBe("helworld");
    expect(proxy.struck).toEqual({ all: 2, afterActing: 1 });
  });

  it("stalls and goes on without losing a byte", async () => {
    proxy.stall(300);
    expect(await say("hello")).toEqual({ answer: "HELLO", reset: false });
  });

  it("lets nobody in while it is shut, and leads elsewhere when told to", async () => {
    proxy.shut();
    expect((await say("hello")).reset).toBe(true);
    proxy.open();
    expect((await say("hello")).answer).toBe("HELLO");
    proxy.retarget(1);
    await new Promise<void>((resolve) => {
      connect(proxy.port, "127.0.0.1")
        .on("error", () => undefined)
        .on("close", () => resolve());
    });
  });
});
