import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { RehomeError } from "@rehome/core";
import { Redis } from "ioredis";
import { afterAll, afterEach, describe, expect, inject, test } from "vitest";
import { openConnection } from "../src/connection.js";
import { openTarget } from "../src/index.js";
import type { Reply } from "../src/reply-parser.js";
import { encodeAbsentWrites } from "../src/absent-writes.js";
import { makeRestore } from "../src/restore.js";
import { openWire, type Wire } from "../src/wire.js";
import {
  batchOf,
  EXPIRY,
  everythingIn,
  options,
  rejection,
  write,
  keysUnder,
} from "./target-fixture.js";

const url = new URL(inject("redisUrl"));
const redis = new Redis(url.href);
afterAll(() => redis.disconnect());

/** Closed after each test, whatever it did. */
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function open(to: URL, timeouts: Parameters<typeof openWire>[1] = {}): Wire {
  const wire = openWire(to, timeouts);
  closing.push(() => wire.close());
  return wire;
}

/** Listens on a port of its own; returns the URL that leads there, with everything else of the server's. */
async function listen(onConnection: (socket: Socket) => void): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const to = new URL(url);
  to.port = String((server.address() as AddressInfo).port);
  return to;
}

/** What lies between us and the real server, and does what it likes with either's bytes. */
async function between(
  treat: (bytes: Buffer, client: Socket, turn: number) => Iterable<Buffer>,
  onCommand: (bytes: Buffer, client: Socket) => void = () => undefined,
): Promise<URL> {
  let turn = 0;
  return await listen((client) => {
    turn += 1;
    const mine = turn;
    const server = connect(Number(url.port), "127.0.0.1");
    server.on("error", () => undefined);
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    client.on("data", (bytes) => {
      onCommand(bytes, client);
      server.write(bytes);
    });
    client.setNoDelay(true);
    server.on("data", (bytes) => {
      for (const piece of treat(bytes, client, mine)) client.write(piece);
    });
  });
}

function commands(...lines: string[][]): readonly [Buffer, number] {
  const texts = lines.map(
    (parts) =>
      `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`,
  );
  return [Buffer.from(texts.join("")), lines.length];
}

const keys = `wire-${Math.random().toString(36).slice(2)}:`;

function restores(names: readonly string[]): readonly [Buffer, number] {
  const entries = names.map((name) =>
    write(name, { fields: ["canary-field", "canary-value"], recency: null }),
  );
  const [all, ...more] = encodeAbsentWrites(
    batchOf(entries),
    [...entries.keys()],
    keysUnder(keys),
    makeRestore(128),
  );
  expect(more).toEqual([]);
  return [all!.scratch.bytes.subarray(0, all!.size), all!.count];
}

/** Fit to be shown, and worth another try. */
async function expectRetryable(sent: Promise<Reply[]>): Promise<RehomeError> {
  const error = await rejection(sent);
  expect(error).toBeInstanceOf(RehomeError);
  expect(error).toMatchObject({ retryable: true });
  expectNoSecret(error);
  return error as RehomeError;
}

function expectNoSecret(error: unknown): void {
  expect(everythingIn(error)).not.toMatch(/canary|RESTORE/);
  expect(everythingIn(error)).not.toContain(url.password);
}

describe("replies", () => {
  test("come in the order of the commands, over many sends at once, errors as values", async () => {
    const wire = open(url);
    await redis.set(`${keys}string`, "held");
    const sends = Array.from({ length: 50 }, (_, i) =>
      wire.send(
        ...commands(
          ["ECHO", "too", "many"],
          ["EXISTS", `${keys}string`],
          ["PING"],
          ["SET", `${keys}${i}`, String(i)],
          ["INCR", `${keys}${i}`],
          ["INCR", `${keys}string`],
        ),
      ),
    );
    for (const [i, replies] of (await Promise.all(sends)).entries()) {
      expect(replies).toEqual([
        { error: expect.stringMatching(/^ERR wrong number/) },
        1,
        "PONG",
        "OK",
        i + 1,
        { error: expect.stringMatching(/^ERR value is not an integer/) },
      ]);
    }
  });

  test("are the same when they arrive byte by byte", async () => {
    const wire = open(
      await between(function* (bytes) {
        for (const byte of bytes) yield Buffer.from([byte]);
      }),
    );
    const names = Array.from({ length: 40 }, (_, i) => `bytes${i}`);
    expect(await wire.send(...restores(names))).toEqual(names.map(() => "OK"));
    expect(await wire.send(...restores(names))).toEqual(
      names.map(() => ({ error: expect.stringMatching(/^BUSYKEY/) })),
    );
    expect(await redis.pexpiretime(`${keys}bytes39`)).toBe(EXPIRY);
  });

  test("that answer nothing, or are none, break the connection", async () => {
    const tooMany = open(
      await between(function* (bytes) {
        yield bytes;
        yield Buffer.from("+OK\r\n+OK\r\n");
      }),
    );
    const first = await rejection(
      Promise.all([1, 2, 3].map(() => tooMany.send(...commands(["GET", `${keys}none`])))),
    );
    expect(first).toBeInstanceOf(RehomeError);
    const http = open(await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    expect(await rejection(http.send(...commands(["PING"])))).toBeInstanceOf(RehomeError);
  });
});

describe("the greeting", () => {
  test("with a wrong password is refused for good, and sends no command", async () => {
    const wrong = new URL(url);
    wrong.password = "canary-password";
    const wire = open(wrong);
    for (let time = 0; time < 2; time += 1) {
      const error = await rejection(wire.send(...restores(["wrong"])));
      expect(error).toMatchObject({ code: "target-WRONGPASS", retryable: false });
      expect((error as RehomeError).message).toContain(`127.0.0.1:${url.port}/0`);
      expectNoSecret(error);
    }
    wrong.password = "";
    expect(await rejection(open(wrong).send(...restores(["wrong"])))).toMatchObject({
      code: "target-NOAUTH",
      retryable: false,
    });
    expect(await redis.exists(`${keys}wrong`)).toBe(0);
  });

  test("for a database that is not there is refused, and nothing is written to the first one", async () => {
    const beyond = new URL(url);
    beyond.pathname = "/999";
    const error = await rejection(open(beyond).send(...restores(["beyond"])));
    expect(error).toBeInstanceOf(RehomeError);
    expectNoSecret(error);
    expect(await redis.exists(`${keys}beyond`)).toBe(0);
  });

  test("leads to the database of the URL", async () => {
    const third = new URL(url);
    third.pathname = "/3";
    expect(await open(third).send(...restores(["third"]))).toEqual(["OK"]);
    expect(await redis.exists(`${keys}third`)).toBe(0);
    await redis.select(3);
    expect(await redis.unlink(`${keys}third`)).toBe(1);
    await redis.select(0);
  });

  test("by TLS to what does not speak it is refused, and may be tried again", async () => {
    const other = await listen((socket) => socket.end("-ERR unknown command\r\n"));
    for (const plain of [url, other]) {
      const tls = new URL(plain.href.replace("redis:", "rediss:"));
      const wire = open(tls, { connectTimeoutMs: 500 });
      const error = await expectRetryable(wire.send(...restores(["tls"])));
      expect(error.code).toMatch(/^target-[A-Z]/);
    }
    expect(await redis.exists(`${keys}tls`)).toBe(0);
  });

  test("that is not answered in time is given up", async () => {
    const silent = await listen(() => undefined);
    const error = await expectRetryable(
      open(silent, { connectTimeoutMs: 200 }).send(...restores(["silent"])),
    );
    expect(error.code).toBe("target-ETIMEDOUT");
  });
});

describe("a connection that breaks", () => {
  test("in the middle of a batch rejects all that has no answer, sends none of it again, and is made anew", async () => {
    const received: Buffer[] = [];
    const cut = await between(
      function* (bytes, client, turn) {
        // The greeting's two replies pass; of the first batch's, a few.
        if (turn > 1 || bytes.toString() === "+OK\r\n+OK\r\n") return yield bytes;
        yield bytes.subarray(0, 5 * 3 + 2);
        setImmediate(() => client.resetAndDestroy());
      },
      (bytes) => received.push(bytes),
    );
    const wire = open(cut);
    const [first, second] = [restores(["x0", "x1", "x2", "x3", "x4", "x5"]), restores(["y"])];
    const sent = [wire.send(...first), wire.send(...second)];
    for (const one of sent) expect((await expectRetryable(one)).code).toBe("target-ECONNRESET");

    expect(await wire.send(...commands(["PING"]))).toEqual(["PONG"]);
    const all = Buffer.concat(received).toString("latin1");
    for (const name of ["x0", "x5", "y"]) expect(all.split(`${keys}${name}\r\n`)).toHaveLength(2);
  });

  test("because the server ended it costs one call, and the next is answered", async () => {
    const wire = open(url);
    expect(await wire.send(...commands(["CLIENT", "SETNAME", "killed"]))).toEqual(["OK"]);
    const list = String(await redis.client("LIST"));
    const client = /^id=(\d+) .*name=killed/m.exec(list)?.[1];
    await redis.call("CLIENT", "KILL", "ID", client!);
    const answer = await wire.send(...commands(["PING"])).catch((error: unknown) => error);
    if (!Array.isArray(answer)) expect(answer).toMatchObject({ retryable: true });
    await expect.poll(() => wire.send(...commands(["PING"])).catch(() => null)).toEqual(["PONG"]);
  });

  test("for want of an answer in time is not used for another command", async () => {
    let isSilent = true;
    let connections = 0;
    const slow = await between(function* (bytes, _, turn) {
      connections = turn;
      if (!isSilent || bytes.toString().startsWith("+OK\r\n+OK")) yield bytes;
    });
    const wire = open(slow, { commandTimeoutMs: 200 });
    const error = await expectRetryable(wire.send(...restores(["slow"])));
    expect(error.code).toBe("target-ETIMEDOUT");
    isSilent = false;
    expect(await wire.send(...commands(["PING"]))).toEqual(["PONG"]);
    expect(connections).toBe(2);
    // Carried out all the same: that is why the caller must be able to repeat it.
    expect(await redis.exists(`${keys}slow`)).toBe(1);
  });

  test("under a load, on either connection, is mended by the next load of the same target", async () => {
    // Of the sessions written, of those met, and of the script that decides about them.
    const cutAt = [/^(?:\+OK\r\n){3}/, /^-BUSYKEY/, /^\$150\r\n/];
    const cut = await between(function* (bytes, client) {
      if (cutAt[0]?.test(bytes.toString("latin1")) === true) {
        cutAt.shift();
        client.resetAndDestroy();
        return;
      }
      yield bytes;
    });
    const target = openTarget(cut);
    closing.push(() => target.close());
    // So few that the script is called once.
    const entries = Array.from({ length: 150 }, (_, i) =>
      write(`canary-${i}`, { fields: ["canary-field", "canary-value"], recency: null }),
    );
    for (let time = 0; time < 3; time += 1) {
      const error = await rejection(target.load(batchOf(entries), options(keys)));
      expect(error).toMatchObject({ code: "target-ECONNRESET", retryable: true });
      expectNoSecret(error);
    }
    expect(cutAt).toEqual([]);
    expect(new Set(await target.load(batchOf(entries), options(keys)))).toEqual(
      new Set(["migrated"]),
    );
  });
});

test("a closed wire refuses to send, also what waits for its connection", async () => {
  const wire = open(url);
  const waiting = wire.send(...commands(["PING"]));
  wire.close();
  const early = await waiting.catch((error: unknown) => error);
  if (!Array.isArray(early)) expect(early).toBeInstanceOf(RehomeError);
  expect(await rejection(wire.send(...commands(["PING"])))).toMatchObject({
    code: "target-closed",
    retryable: false,
  });
});

test("over TLS a server hears the name that it was asked for by", async () => {
  const heard: string[] = [];
  const to = await listen((socket) =>
    socket.once("data", (hello) => {
      heard.push(hello.toString("latin1"));
      socket.destroy();
    }),
  );
  to.protocol = "rediss:";
  for (const host of ["localhost", "127.0.0.1"]) {
    to.hostname = host;
    const connection = openConnection(to);
    closing.push(() => connection.close());
    await expectRetryable(open(to).send(...restores(["tls"])));
    await expect(connection.call("PING", [])).rejects.toThrow(/target/);
  }
  expect(heard.map((hello) => hello.includes("localhost"))).toEqual([true, true, false, false]);
});
