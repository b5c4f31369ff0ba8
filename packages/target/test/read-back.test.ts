import { describe, expect, test } from "vitest";
import {
  batchOf,
  countKeys,
  EXPIRY,
  fieldsOf,
  id,
  options,
  useTarget,
  write,
  keysUnder,
  layoutUnder,
  byExpiry,
} from "./target-fixture.js";

const { target, redis, prefix } = useTarget();

describe("reading back", () => {
  test("tells of each key its type, its fields and its expiry, in the order asked for", async () => {
    const keys = prefix();
    await redis.hset(`${keys}eternal`, "a", "1");
    await redis.set(`${keys}string`, "held", "PXAT", EXPIRY);
    await redis.sadd(`${keys}set`, "held");
    await target.load(batchOf([write("hash")]), options(keys));
    const found = await target.readBack(
      ["string", "none", "hash", "eternal", "set", "hash"].map(id),
      layoutUnder(keys),
    );
    expect(found.map(({ type, expiresAt }) => [type, expiresAt])).toEqual([
      ["string", EXPIRY],
      ["none", null],
      ["hash", EXPIRY],
      ["hash", null],
      ["set", null],
      ["hash", EXPIRY],
    ]);
    expect(found.map(({ fields }) => fields.length)).toEqual([0, 0, 6, 2, 0, 6]);
    expect(await target.readBack([], layoutUnder(keys))).toEqual([]);
  });

  test("gives bytes that are no text as they are", async () => {
    const keys = prefix();
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0d, 0x0a]);
    await redis.hset(`${keys}a`, bytes, bytes);
    const [found] = await target.readBack([id("a")], layoutUnder(keys));
    expect(found!.fields).toEqual([bytes, bytes]);
  });

  test("gives a string as the value of one field without a name, and nothing of another type", async () => {
    const keys = prefix();
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0d, 0x0a]);
    await redis.set(`${keys}bytes`, bytes, "PXAT", EXPIRY);
    await redis.set(`${keys}empty`, "");
    await redis.set(`${keys}number`, "12345");
    await redis.hset(`${keys}hash`, "a", "1");
    await redis.pexpireat(`${keys}hash`, EXPIRY);
    const names = ["none", "bytes", "hash", "empty", "number"];
    const none = Buffer.alloc(0);
    expect(await target.readBack(names.map(id), byExpiry(keys))).toEqual([
      { type: "none", fields: [], expiresAt: null },
      { type: "string", fields: [none, bytes], expiresAt: EXPIRY },
      { type: "hash", fields: [], expiresAt: EXPIRY },
      { type: "string", fields: [none, none], expiresAt: null },
      { type: "string", fields: [none, Buffer.from("12345")], expiresAt: null },
    ]);
  });

  test("loses none of many strings, nor of ones too large for one reply", async () => {
    const keys = prefix();
    const names = Array.from({ length: 1_234 }, (_, i) => `${i}`);
    const value = (name: string): string => name.repeat(Number(name) % 100 === 7 ? 500_000 : 10);
    await redis.mset(names.flatMap((name) => [keys + name, value(name)]));
    const found = await target.readBack(names.map(id), byExpiry(keys));
    expect(found).toHaveLength(names.length);
    for (const [i, name] of names.entries())
      expect(found[i]!.fields[1]!.toString() === value(name)).toBe(true);
  });

  test("loses none of many sessions, nor of ones too large for one reply", async () => {
    const keys = prefix();
    const names = Array.from({ length: 1_234 }, (_, i) => `${i}`);
    const value = (name: string): string => name.repeat(Number(name) % 100 === 7 ? 500_000 : 10);
    const entries = names.map((name) =>
      write(name, { fields: ["name", name, "value", value(name)] }),
    );
    await target.load(batchOf(entries), options(keys));
    const found = await target.readBack(names.map(id), layoutUnder(keys));
    expect(found).toHaveLength(names.length);
    for (const [i, name] of names.entries()) {
      expect(fieldsOf(found[i]).get("name")).toBe(name);
      expect(fieldsOf(found[i]).get("value") === value(name)).toBe(true);
    }
  });
});

test("presence is told for each session, in the order asked for", async () => {
  const keys = prefix();
  const names = Array.from({ length: 2_500 }, (_, i) => `${i}`);
  await redis.set(`${keys}0`, "of another type");
  await target.load(
    batchOf(names.filter((_, i) => i % 3 === 1).map((name) => write(name))),
    options(keys),
  );
  expect(await target.arePresent(names.map(id), keysUnder(keys))).toEqual(
    names.map((_, i) => i === 0 || i % 3 === 1),
  );
});

describe("counting keys", () => {
  test("counts what is under the prefix, and takes glob characters in it for themselves", async () => {
    const base = prefix();
    const odd = [`${base}*`, `${base}?`, `${base}[a]`, `${base}\\`, `${base}^-`, `${base}é{1}\r\n`];
    await redis.mset(
      ...odd.flatMap((keys) => [`${keys}1`, "", `${keys}2`, ""]),
      `${base}x1`,
      "",
      `${base}a1`,
      "",
    );
    for (const keys of odd) expect(await countKeys(target, keys)).toBe(2);
    expect(await countKeys(target, `${base}none`)).toBe(0);
    expect(await countKeys(target, base)).toBe(2 * odd.length + 2);
  });

  test("counts each key once, however many there are", async () => {
    const keys = prefix();
    const names = Array.from({ length: 5_000 }, (_, i) => `${keys}${i}`);
    await redis.mset(...names.flatMap((name) => [name, ""]));
    expect(await countKeys(target, keys)).toBe(5_000);
    // The server's table shrinks meanwhile, which makes SCAN give keys twice.
    const counting = countKeys(target, keys);
    await redis.del(...names.slice(100));
    expect(await counting).toBeLessThanOrEqual(5_000);
    expect(await countKeys(target, keys)).toBe(100);
  });

  test("stops when it is told to", async () => {
    await expect(
      countKeys(target, prefix(), AbortSignal.abort(new Error("enough"))),
    ).rejects.toThrow("enough");
  });
});
