import { type RedisServer, startRedis } from "@rehome/tooling/local-services";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openTarget, type Target } from "../src/index.js";
import { encodePayload } from "../src/payload.js";
import { writeCrc64 } from "../src/crc64.js";
import { allocate } from "../src/scratch-buffer.js";
import { sessions, smallSessions } from "./payload-cases.js";
import {
  expectEncodings,
  expectHeld,
  loadAll,
  replies,
  writeAsApplication,
} from "./payload-fixture.js";
import { batchOf, write } from "./target-fixture.js";

const SEED = inject("seed");
const CASES = inject("payloadCases");
const BATCH = 250;
/** The server's own limit, which its target reads. */
const MAX_ENTRIES = 512;

let server: RedisServer;
let redis: Redis;
let target: Target;
beforeAll(async () => {
  server = await startRedis({
    args: ["--enable-debug-command", "yes", "--hash-max-listpack-entries", `${MAX_ENTRIES}`],
  });
  redis = new Redis(server.url);
  target = openTarget(new URL(server.url));
  console.log(`${CASES} sessions of seed ${SEED}: replay them with --sequence.seed=${SEED}`);
});
afterAll(async () => {
  redis.disconnect();
  await target.close();
  await server.stop();
});

/** A batch is one run: what it shows is told by the seed, and by the session that is not as it should be. */
async function forBatches(
  count: number,
  use: (batch: Parameters<typeof loadAll>[1], isSanitizing: boolean) => Promise<void>,
): Promise<void> {
  const batches = fc.array(sessions, { minLength: BATCH, maxLength: BATCH });
  await fc.assert(
    fc.asyncProperty(batches, fc.boolean(), async (batch, isSanitizing) => {
      await redis.flushall();
      await use(batch, isSanitizing);
    }),
    { seed: SEED, numRuns: Math.ceil(count / BATCH), endOnFailure: true },
  );
}

describe("whatever a session holds", () => {
  test("the server takes it, holds it as the rule says, reads it from its file again, and lets the application write it", async () => {
    await forBatches(CASES, async (batch, isSanitizing) => {
      await redis.config("SET", "sanitize-dump-payload", isSanitizing ? "yes" : "no");
      const held = await loadAll(target, batch);
      await expectHeld(target, held);
      await expectEncodings(redis, held, MAX_ENTRIES);

      await redis.call("DEBUG", "RELOAD");
      await expectHeld(target, held);
      await expectEncodings(redis, held, MAX_ENTRIES);

      const after = await writeAsApplication(redis, held);
      await expectHeld(target, after);
      // As before: short fields make no hash table of a listpack, however long its others are.
      await expectEncodings(redis, held, MAX_ENTRIES);
    });
  });

  test("it outlives a restart of the server", async () => {
    await forBatches(2 * BATCH, async (batch) => {
      const held = await loadAll(target, batch);
      await redis.save();
      await server.restart();
      await expect.poll(() => redis.ping().catch(() => null)).toBe("PONG");
      await expectHeld(target, held);
      await expectEncodings(redis, held, MAX_ENTRIES);
    });
  });
});

describe("a payload", () => {
  test("is what DUMP gives of the same hash, byte for byte, where HSET makes a listpack of it too", async () => {
    await redis.config("SET", "rdbcompression", "no");
    const batches = fc.array(smallSessions, { minLength: BATCH, maxLength: BATCH });
    await fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        await redis.flushall();
        await replies(
          redis,
          batch.map((fields, i) => ["HSET", `${i}`, ...fields.flat()]),
        );
        const dumps = await dumpsOf(batch.map((_, i) => `${i}`));
        for (const [i, fields] of batch.entries()) {
          const payload = payloadOf(fields.flat());
          expectSameDump(payload, dumps[i]!);
        }
      }),
      { seed: SEED, numRuns: Math.ceil(CASES / BATCH / 2), endOnFailure: true },
    );
  });

  test("is what DUMP gives of a hash with one long value as well", async () => {
    await redis.config("SET", "rdbcompression", "no");
    for (const length of [8_192, 16_383, 16_384, 65_536, 1_000_000]) {
      await redis.flushall();
      await redis.hset("a", "cart", "x".repeat(length));
      const [dump] = await dumpsOf(["a"]);
      expectSameDump(payloadOf(["cart", "x".repeat(length)]), dump!);
    }
  });

  test("is refused by the server when any of its bits is another", async () => {
    await redis.flushall();
    const payload = payloadOf(["user_id", "7", "cart", "apples"]);
    for (let bit = 0; bit < 8 * payload.length; bit += 1) {
      const changed = Buffer.from(payload);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      await expect(redis.restore("a", 0, changed)).rejects.toThrow(/payload|format/);
    }
    expect(await redis.restore("a", 0, payload)).toBe("OK");
  });
});

function payloadOf(fields: readonly string[]): Buffer {
  return encodePayload(batchOf([write("a", { fields })]), 0, MAX_ENTRIES);
}

async function dumpsOf(keys: readonly string[]): Promise<Buffer[]> {
  return await Promise.all(keys.map(async (key) => (await redis.dumpBuffer(key))!));
}

const [VERSION_BYTES, CHECKSUM_BYTES] = [2, 8];
const HASH_LISTPACK = 16;

/** Up to version and checksum, which are those of Redis 7.0, the oldest that knows listpacks. */
function expectSameDump(payload: Buffer, dump: Buffer): void {
  const body = dump.subarray(0, -VERSION_BYTES - CHECKSUM_BYTES);
  // A length under 64 is told in 6 bits by the server, and by us in 14 as any other.
  const isShort = body[0] === HASH_LISTPACK && body[1]! < 64;
  const wanted = isShort
    ? Buffer.concat([Buffer.from([HASH_LISTPACK, 0x40]), body.subarray(1)])
    : body;
  const ours = payload.subarray(0, -VERSION_BYTES - CHECKSUM_BYTES);
  if (!ours.equals(wanted)) expect(ours.toString("hex")).toBe(wanted.toString("hex"));

  const version = (bytes: Buffer) => bytes.readUInt16LE(bytes.length - 10);
  expect(version(payload)).toBe(10);
  if (version(dump) === 10 && !isShort) expect(payload.equals(dump)).toBe(true);
}

describe("the checksum", () => {
  test("of 123456789 is the known one, written little endian", () => {
    const { bytes, view } = allocate(17);
    bytes.write("123456789");
    expect(writeCrc64(view, 0, 9)).toBe(17);
    expect(bytes.readBigUInt64LE(9)).toBe(0xe9c6d914c4b8d9can);
  });

  test("is what a bit by bit division gives, wherever the bytes start and end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (data, start) => {
        const { bytes, view } = allocate(start + data.length + 8);
        bytes.set(data, start);
        writeCrc64(view, start, start + data.length);
        expect(bytes.readBigUInt64LE(start + data.length)).toBe(slowCrc64(data));
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});

function slowCrc64(data: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of data) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc >> 1n) ^ ((crc & 1n) === 1n ? 0x95ac9329ac4bc9b5n : 0n);
  }
  return crc;
}
