import { randomBytes } from "node:crypto";
import { CONFLICT_POLICIES, type ConflictPolicy } from "@rehome/core";
import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import type { LoadOptions } from "../src/index.js";
import {
  batchOf,
  byExpiry,
  countKeys,
  EXPIRY,
  expired,
  id,
  PAST,
  rejected,
  text,
  useTarget,
} from "./target-fixture.js";

const { target, redis, prefix } = useTarget("set");
const seed = inject("seed");

function options(keys: string, conflict: ConflictPolicy = "newer"): LoadOptions {
  return { conflict, layout: byExpiry(keys) };
}

describe.each(CONFLICT_POLICIES)("under %s", (policy) => {
  test("a string that the target does not hold is written with its expiry, by one command", async () => {
    const keys = prefix();
    await redis.config("RESETSTAT");
    const entries = [text("a", "held"), text("b", "", { expiresAt: EXPIRY + 1 })];
    const results = await target.load(batchOf(entries), options(keys, policy));
    expect(results).toEqual(["migrated", "migrated"]);
    const stats = await redis.info("commandstats");
    expect(stats).toMatch(/cmdstat_set:calls=2,/);
    expect(stats).not.toMatch(/cmdstat_(pexpireat|restore|evalsha?|hset|type):/);
    expect(await redis.mget(`${keys}a`, `${keys}b`)).toEqual(["held", ""]);
    expect(await redis.pexpiretime(`${keys}a`)).toBe(EXPIRY);
    expect(await redis.pexpiretime(`${keys}b`)).toBe(EXPIRY + 1);
  });

  test("doing it again gives the same results and leaves the same strings", async () => {
    const keys = prefix();
    await redis.set(`${keys}theirs`, "held", "PXAT", EXPIRY + 5);
    await redis.set(`${keys}endless`, "held");
    const names = ["a", "theirs", "endless", "b", "c"];
    const entries = [
      ...names.slice(0, 3).map((name) => text(name, "ours")),
      text("b", Buffer.from([0xff])),
      expired("c"),
      rejected("d"),
    ];
    const first = await target.load(batchOf(entries), options(keys, policy));
    const before = await target.readBack(names.map(id), byExpiry(keys));
    expect(await target.load(batchOf(entries), options(keys, policy))).toEqual(first);
    expect(await target.readBack(names.map(id), byExpiry(keys))).toEqual(before);
  });

  test("doing it again gives the same results for an expiry beyond every calendar as well", async () => {
    const keys = prefix();
    const expiries = [2 ** 53, 2 ** 53 + 2, 2 ** 60, 4.6e18];
    const entries = expiries.map((expiresAt, i) => text(`${i}`, "ours", { expiresAt }));
    for (let time = 0; time < 2; time += 1) {
      const results = await target.load(batchOf(entries), options(keys, policy));
      expect(results).toEqual(expiries.map(() => "migrated"));
    }
  });

  test("a key of another type is left as it is", async () => {
    const keys = prefix();
    await redis.hset(`${keys}hash`, "a", "held");
    await redis.pexpireat(`${keys}hash`, EXPIRY);
    await redis.rpush(`${keys}list`, "held");
    await redis.hset(`${keys}expired`, "a", "held");
    const entries = [text("hash", "a"), text("list", "b"), expired("expired"), text("fine", "c")];
    const results = await target.load(batchOf(entries), options(keys, policy));
    expect(results).toEqual(["wrong-type", "wrong-type", "expired", "migrated"]);
    expect(await redis.hgetall(`${keys}hash`)).toEqual({ a: "held" });
    expect(await redis.pexpiretime(`${keys}hash`)).toBe(EXPIRY);
    expect(await redis.lrange(`${keys}list`, 0, -1)).toEqual(["held"]);
    expect(await redis.exists(`${keys}expired`)).toBe(1);
  });

  test("a string whose expiry has passed meanwhile leaves no key, and no error", async () => {
    const keys = prefix();
    const passed = [-(2 ** 61), -1, 0, 1, Date.now() - 1];
    const entries = passed.map((expiresAt, i) => text(`${i}`, "ours", { expiresAt }));
    const results = await target.load(batchOf(entries), options(keys, policy));
    expect(results).toEqual(passed.map(() => "migrated"));
    for (const i of passed.keys()) expect(await redis.exists(`${keys}${i}`)).toBe(0);
  });
});

describe("what the target holds already", () => {
  const STEPS = {
    older: -2,
    "a millisecond older": -1,
    same: 0,
    "a millisecond newer": 1,
    newer: 2,
  };

  test.each(CONFLICT_POLICIES)("stands to a string by its expiry under %s", async (policy) => {
    const keys = prefix();
    for (const [name, step] of Object.entries(STEPS))
      await redis.set(`${keys}${name}`, "theirs", "PXAT", EXPIRY + step);
    await redis.set(`${keys}endless`, "theirs");
    const names = [...Object.keys(STEPS), "endless"];
    const results = await target.load(
      batchOf(names.map((name) => text(name, "ours"))),
      options(keys, policy),
    );
    const expected = {
      newer: ["migrated", "migrated", "migrated", "migrated", "kept", "incomparable"],
      replace: names.map(() => "migrated"),
      keep: names.map(() => "kept"),
    }[policy];
    expect(results).toEqual(expected);
    const found = await target.readBack(names.map(id), byExpiry(keys));
    for (const [i, name] of names.entries()) {
      const isOurs = expected[i] === "migrated";
      expect(found[i]!.fields[1]!.toString()).toBe(isOurs ? "ours" : "theirs");
      const theirs = name === "endless" ? null : EXPIRY + STEPS[name as keyof typeof STEPS];
      expect(found[i]!.expiresAt).toBe(isOurs ? EXPIRY : theirs);
    }
  });

  test("counts as migrated under keep where it is exactly the same, and as kept where it differs at all", async () => {
    const keys = prefix();
    const values = [Buffer.from("ours"), Buffer.alloc(0), randomBytes(1_000)];
    const entries = values.map((value, i) => text(`${i}`, value));
    await target.load(batchOf(entries), options(keys, "keep"));
    expect(await target.load(batchOf(entries), options(keys, "keep"))).toEqual(
      values.map(() => "migrated"),
    );
    const others = [
      text("0", "ours "),
      text("1", "\u0000"),
      text("2", Buffer.concat([values[2]!.subarray(0, -1), Buffer.from([values[2]!.at(-1)! ^ 1])])),
    ];
    expect(await target.load(batchOf(others), options(keys, "keep"))).toEqual(
      others.map(() => "kept"),
    );
    const later = values.map((value, i) => text(`${i}`, value, { expiresAt: EXPIRY + 1 }));
    expect(await target.load(batchOf(later), options(keys, "keep"))).toEqual(
      later.map(() => "kept"),
    );
    for (const [i, value] of values.entries()) {
      expect((await redis.getBuffer(`${keys}${i}`))!.equals(value)).toBe(true);
      expect(await redis.pexpiretime(`${keys}${i}`)).toBe(EXPIRY);
    }
  });

  test.each([
    ["newer", 2],
    ["replace", 0],
    ["keep", 4],
  ] as const)(
    "of an expired session is removed under %s unless it lives on",
    async (policy, left) => {
      const keys = prefix();
      for (const [name, step] of [
        ["older", -5],
        ["same", 0],
        ["newer", 5],
      ] as const)
        await redis.set(`${keys}${name}`, "theirs", "PXAT", EXPIRY + step);
      await redis.set(`${keys}endless`, "theirs");
      const names = ["older", "same", "newer", "endless", "none"];
      const results = await target.load(
        batchOf(names.map((name) => expired(name, null, EXPIRY))),
        options(keys, policy),
      );
      expect(results).toEqual(names.map(() => "expired"));
      expect(await countKeys(target, keys)).toBe(left);
      if (policy === "newer") expect(await redis.exists(`${keys}newer`, `${keys}endless`)).toBe(2);
    },
  );

  test("of a session that expired long ago lives on under newer: every key that is there expires later", async () => {
    const keys = prefix();
    await redis.set(`${keys}a`, "theirs", "PXAT", EXPIRY);
    const entries = [expired("a", null, PAST), expired("a", null, -Infinity)];
    expect(await target.load(batchOf(entries), options(keys))).toEqual(["expired", "expired"]);
    expect(await redis.get(`${keys}a`)).toBe("theirs");
  });
});

describe("byte for byte", () => {
  test("any bytes arrive as they are, whether the key is new or replaced", async () => {
    const keys = prefix();
    const bytes = fc
      .oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary" }))
      .map((made) => Buffer.from(made as Uint8Array));
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 10 }), async (values) => {
        const entries = values.map((value, i) => text(`${i}`, value));
        await target.load(batchOf(entries), options(keys, "replace"));
        const found = await target.readBack(
          values.map((_, i) => id(`${i}`)),
          byExpiry(keys),
        );
        for (const [i, value] of values.entries()) {
          expect(found[i]!.type).toBe("string");
          expect(found[i]!.fields.map((field) => field.toString("hex"))).toEqual([
            "",
            value.toString("hex"),
          ]);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test("hostile ids and values arrive as they are, and nowhere else", async () => {
    const keys = prefix();
    const hostile = [
      "",
      "a\r\n$3\r\nfoo\r\n",
      "\r\nNX\r\n",
      "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n",
      "{}",
      "\ufeff",
      "Ünïcödé 漢字 🦊",
      "\u0000",
      "12345",
    ];
    const entries = hostile.map((name, i) => text(name, hostile.at(-1 - i)!));
    await target.load(batchOf(entries), options(keys));
    expect(await countKeys(target, keys)).toBe(hostile.length);
    for (const [i, name] of hostile.entries())
      expect(await redis.get(keys + name)).toBe(hostile.at(-1 - i)!);
  });

  test("strings of 20 MB are written whole, new and replaced, one beside many small ones", async () => {
    const keys = prefix();
    const value = randomBytes(20_000_000);
    const letters = Buffer.alloc(20_000_000, "é");
    const entries = [
      text("before", "small"),
      text("bytes", value),
      text("letters", letters),
      ...Array.from({ length: 500 }, (_, i) => text(`${i}`, "small")),
    ];
    for (const policy of ["newer", "replace"] as const) {
      const results = await target.load(batchOf(entries), options(keys, policy));
      expect(new Set(results)).toEqual(new Set(["migrated"]));
      const found = await target.readBack(["bytes", "letters", "499"].map(id), byExpiry(keys));
      expect(found[0]!.fields[1]!.equals(value)).toBe(true);
      expect(found[1]!.fields[1]!.equals(letters)).toBe(true);
      expect(found[2]!.fields[1]!.toString()).toBe("small");
    }
    await redis.unlink(`${keys}bytes`, `${keys}letters`);
  });
});

test("results come in the order of the entries, over many sends and many calls of the script", async () => {
  const keys = prefix();
  const names = Array.from({ length: 20_000 }, (_, i) => `${i}`);
  const held = names.filter((_, i) => i % 7 === 0);
  await redis.mset(held.flatMap((name) => [keys + name, "theirs"]));
  const entries = names.map((name, i) =>
    i % 11 === 3 ? rejected(name) : text(name, name.repeat(20)),
  );
  const results = await target.load(batchOf(entries), options(keys));
  expect(results).toEqual(
    names.map((_, i) => (i % 11 === 3 ? null : i % 7 === 0 ? "incomparable" : "migrated")),
  );
  const written = names.filter((_, i) => results[i] === "migrated");
  const found = await redis.mget(written.map((name) => keys + name));
  expect(found).toEqual(written.map((name) => name.repeat(20)));
  expect(await target.load(batchOf([]), options(keys))).toEqual([]);
});

test("a session without a value, or with an expiry that no server takes, stops the load before anything is written", async () => {
  const keys = prefix();
  const empty = [text("a", "1"), text("b", "", { fields: [] })];
  await expect(target.load(batchOf(empty), options(keys))).rejects.toThrow("no value");
  for (const expiresAt of [Number.NaN, Infinity, 1.5, 2 ** 63]) {
    const odd = [text("a", "1"), text("b", "2", { expiresAt })];
    await expect(target.load(batchOf(odd), options(keys))).rejects.toThrow("expiry");
  }
  expect(await redis.exists(`${keys}a`)).toBe(0);
});
