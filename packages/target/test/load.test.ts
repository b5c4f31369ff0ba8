import type { RecencyRule } from "@rehome/core";
import { describe, expect, test } from "vitest";
import {
  batchOf,
  byExpiry,
  countKeys,
  EXPIRY,
  expired,
  fieldsOf,
  id,
  NEW,
  OLD,
  options,
  pairs,
  rejected,
  useTarget,
  WAYS,
  write,
  layoutUnder,
} from "./target-fixture.js";

const POLICIES = ["newer", "replace", "keep"] as const;

describe.each(WAYS)("written by %s", (way) => {
  const { target, redis, prefix } = useTarget(way);
  describe.each(POLICIES)("under %s", (policy) => {
    test("a session that the target does not hold is written with its fields and its expiry to the millisecond", async () => {
      const keys = prefix();
      const entries = [write("a"), write("b", { expiresAt: EXPIRY + 1, fields: ["only", ""] })];
      expect(await target.load(batchOf(entries), options(keys, policy))).toEqual([
        "migrated",
        "migrated",
      ]);
      expect(await redis.hgetall(`${keys}a`)).toEqual({
        user_id: "7",
        last_activity_at: NEW,
        cart: "apples",
      });
      expect(await redis.pexpiretime(`${keys}a`)).toBe(EXPIRY);
      expect(await redis.hgetall(`${keys}b`)).toEqual({ only: "" });
      expect(await redis.pexpiretime(`${keys}b`)).toBe(EXPIRY + 1);
    });

    test("doing it again gives the same results and leaves the same sessions", async () => {
      const keys = prefix();
      const entries = [write("a"), write("b", { recency: null }), expired("c")];
      const first = await target.load(batchOf(entries), options(keys, policy));
      const before = await target.readBack([id("a"), id("b"), id("c")], layoutUnder(keys));
      expect(await target.load(batchOf(entries), options(keys, policy))).toEqual(first);
      expect(await target.readBack([id("a"), id("b"), id("c")], layoutUnder(keys))).toEqual(before);
    });

    test("a key of another type is left as it is", async () => {
      const keys = prefix();
      await redis.set(`${keys}string`, "held", "PXAT", EXPIRY);
      await redis.rpush(`${keys}list`, "held");
      await redis.set(`${keys}expired`, "held");
      const entries = [write("string"), write("list"), expired("expired"), write("fine")];
      const results = await target.load(batchOf(entries), options(keys, policy));
      expect(results).toEqual(["wrong-type", "wrong-type", "expired", "migrated"]);
      expect(await redis.get(`${keys}string`)).toBe("held");
      expect(await redis.pexpiretime(`${keys}string`)).toBe(EXPIRY);
      expect(await redis.lrange(`${keys}list`, 0, -1)).toEqual(["held"]);
      expect(await redis.get(`${keys}expired`)).toBe("held");
    });

    test("a rejected session has no result, and nothing is done to what the target holds of it", async () => {
      const keys = prefix();
      await redis.hset(`${keys}held`, { last_activity_at: OLD, mine: "1" });
      await redis.pexpireat(`${keys}held`, EXPIRY + 1);
      await redis.hset(`${keys}endless`, { mine: "1" });
      await redis.set(`${keys}string`, "held");
      const ids = ["first", "held", "endless", "string", "last"];
      const before = await target.readBack(ids.map(id), layoutUnder(keys));
      const entries = [
        rejected("first"),
        write("a"),
        rejected("held"),
        rejected("endless"),
        expired("b"),
        rejected("string"),
        write("string"),
        write("c", { fields: ["only", "1"] }),
        rejected("last"),
      ];
      const results = [
        null,
        "migrated",
        null,
        null,
        "expired",
        null,
        "wrong-type",
        "migrated",
        null,
      ];
      for (let time = 0; time < 2; time += 1) {
        expect(await target.load(batchOf(entries), options(keys, policy))).toEqual(results);
        expect(await target.readBack(ids.map(id), layoutUnder(keys))).toEqual(before);
      }
      expect(await redis.hgetall(`${keys}c`)).toEqual({ only: "1" });
      expect(await target.load(batchOf(ids.map(rejected)), options(keys, policy))).toEqual(
        ids.map(() => null),
      );
      expect(await countKeys(target, keys)).toBe(5);
    });

    test("a session whose expiry has passed meanwhile leaves no key, and no error", async () => {
      const keys = prefix();
      expect(
        await target.load(
          batchOf([write("a", { expiresAt: Date.now() - 1 })]),
          options(keys, policy),
        ),
      ).toEqual(["migrated"]);
      expect(await redis.exists(`${keys}a`)).toBe(0);
    });
  });

  describe.each(["newer", "replace"] as const)("under %s", (policy) => {
    test("no field and no expiry of an older session survives", async () => {
      const keys = prefix();
      await redis.hset(`${keys}a`, { stale: "1", last_activity_at: OLD, cart: "pears" });
      await redis.hset(`${keys}b`, { stale: "1" });
      await redis.pexpire(`${keys}b`, 5_000);
      expect(await target.load(batchOf([write("a"), write("b")]), options(keys, policy))).toEqual([
        "migrated",
        "migrated",
      ]);
      const found = await target.readBack([id("a"), id("b")], layoutUnder(keys));
      for (const session of found) {
        expect(fieldsOf(session)).toEqual(
          pairs(["user_id", "7", "last_activity_at", NEW, "cart", "apples"]),
        );
        expect(session.expiresAt).toBe(EXPIRY);
      }
    });

    test("an expired session's older copy is removed", async () => {
      const keys = prefix();
      await redis.hset(`${keys}a`, { last_activity_at: OLD });
      await redis.hset(`${keys}b`, { last_activity_at: NEW });
      const results = await target.load(
        batchOf([expired("a"), expired("b"), expired("c")]),
        options(keys, policy),
      );
      expect(results).toEqual(["expired", "expired", "expired"]);
      expect(await redis.exists(`${keys}a`, `${keys}b`, `${keys}c`)).toBe(0);
    });
  });

  describe("under newer", () => {
    test("a newer session in the target is kept, an equal or older one written again", async () => {
      const keys = prefix();
      await redis.hset(`${keys}newer`, { last_activity_at: NEW, mine: "1" });
      await redis.hset(`${keys}equal`, { last_activity_at: OLD, mine: "1" });
      await redis.hset(`${keys}older`, {
        last_activity_at: "2025-12-31T23:59:59.999999Z",
        mine: "1",
      });
      const entries = ["newer", "equal", "older"].map((name) => write(name, { recency: OLD }));
      expect(await target.load(batchOf(entries), options(keys))).toEqual([
        "kept",
        "migrated",
        "migrated",
      ]);
      expect(await redis.hgetall(`${keys}newer`)).toEqual({ last_activity_at: NEW, mine: "1" });
      expect(await redis.pexpiretime(`${keys}newer`)).toBe(-1);
      expect(await redis.hexists(`${keys}equal`, "mine")).toBe(0);
    });

    test("what cannot be compared is kept, and said so", async () => {
      const keys = prefix();
      const odd = [
        "yesterday",
        "",
        "2026-01-01T00:00:00Z",
        "2026-01-01 00:00:00.000001",
        `${OLD}\n`,
        "1",
      ];
      for (const [i, text] of odd.entries())
        await redis.hset(`${keys}${i}`, "last_activity_at", text);
      const results = await target.load(
        batchOf(odd.map((_, i) => write(String(i)))),
        options(keys),
      );
      expect(results).toEqual(odd.map(() => "incomparable"));
      for (const [i, text] of odd.entries())
        expect(await redis.hgetall(`${keys}${i}`)).toEqual({ last_activity_at: text });
    });

    test("no last activity counts as the oldest, on either side", async () => {
      const keys = prefix();
      await redis.hset(`${keys}theirs`, { last_activity_at: OLD });
      await redis.hset(`${keys}neither`, { mine: "1" });
      await redis.hset(`${keys}ours`, { mine: "1" });
      const entries = [
        write("theirs", { recency: null }),
        write("neither", { recency: null }),
        write("ours", { recency: OLD }),
      ];
      expect(await target.load(batchOf(entries), options(keys))).toEqual([
        "kept",
        "migrated",
        "migrated",
      ]);
      expect(await redis.hexists(`${keys}ours`, "mine")).toBe(0);
    });

    test.each([
      ["empty", ""],
      [{ placeholder: "never" }, "never"],
    ] as const)(
      "the text that stands for null (%o) counts as no last activity",
      async (nulls, text) => {
        const keys = prefix();
        await redis.hset(`${keys}a`, { last_activity_at: text });
        await redis.hset(`${keys}b`, { last_activity_at: `${text}?` });
        const fields = ["user_id", "7", "last_activity_at", text];
        const entries = ["a", "b"].map((name) => write(name, { recency: null, fields }));
        expect(await target.load(batchOf(entries), options(keys, "newer", { nulls }))).toEqual([
          "migrated",
          "kept",
        ]);
      },
    );

    test("the last activity is looked for under the name it was given", async () => {
      const keys = prefix();
      await redis.hset(`${keys}a`, { seen: NEW, last_activity_at: OLD });
      const entry = write("a", { recency: OLD, fields: ["seen", OLD] });
      expect(
        await target.load(
          batchOf([entry]),
          options(keys, "newer", { renames: { last_activity_at: "seen" } }),
        ),
      ).toEqual(["kept"]);
    });

    test("epochs are compared as numbers, not as texts", async () => {
      const keys = prefix();
      await redis.hset(`${keys}newer`, { last_activity_at: "1000" });
      await redis.hset(`${keys}older`, { last_activity_at: "99.5" });
      await redis.hset(`${keys}odd`, { last_activity_at: "1e9" });
      const entries = ["newer", "older", "odd"].map((name) => write(name, { recency: "999" }));
      const results = await target.load(
        batchOf(entries),
        options(keys, "newer", { timestamps: "epoch-milliseconds" }),
      );
      expect(results).toEqual(["kept", "migrated", "incomparable"]);
    });

    test("numbers are compared exactly, as far as a source may hold them", async () => {
      const keys = prefix();
      const cases = [
        // Microseconds, nanoseconds, and decimals of a numeric column.
        ["1795459136924123", "1795459136924122", "kept"],
        ["1795459136924122", "1795459136924123", "migrated"],
        ["1795459136924123457", "1795459136924123456", "kept"],
        ["1795459136924123456", "1795459136924123456", "migrated"],
        ["1795459136.000001", "1795459136", "kept"],
        ["1795459136.50", "1795459136.5", "migrated"],
        ["-10", "-9", "migrated"],
        ["-9", "-10", "kept"],
        ["-0", "0", "migrated"],
        ["0", "-0.0", "migrated"],
        ["0010", "9", "kept"],
        // What a float column prints, which is the same as itself and nothing else.
        ["NaN", "NaN", "migrated"],
        ["1e+20", "1e+20", "migrated"],
        ["1", "Infinity", "incomparable"],
      ] as const;
      for (const [i, [theirs]] of cases.entries())
        await redis.hset(`${keys}${i}`, "last_activity_at", theirs);
      const entries = cases.map(([, ours], i) => write(`${i}`, { recency: ours }));
      const { layout } = options(keys);
      const recency = { ...layout.recency, form: "number" } as RecencyRule;
      const number = { conflict: "newer", layout: { ...layout, recency } } as const;
      expect(await target.load(batchOf(entries), number)).toEqual(
        cases.map(([, , result]) => result),
      );
    });

    test.each(["epoch-seconds", "epoch-milliseconds"] as const)(
      "a session with the same %s is kept unless it holds exactly what would be written, since either may be newer",
      async (timestamps) => {
        const keys = prefix();
        const loadOptions = options(keys, "newer", { timestamps });
        const entries = ["same", "value", "later", "zeros", "older"].map((name) =>
          write(name, { recency: "1795459136" }),
        );
        await target.load(batchOf(entries), loadOptions);
        await redis.hset(`${keys}value`, "cart", "two apples");
        await redis.pexpireat(`${keys}later`, EXPIRY + 5);
        await redis.hset(`${keys}zeros`, "last_activity_at", "01795459136.0");
        await redis.hset(`${keys}older`, "last_activity_at", "1795459135", "cart", "none");
        for (let time = 0; time < 2; time += 1) {
          expect(await target.load(batchOf(entries), loadOptions)).toEqual([
            "migrated",
            "kept",
            "kept",
            "kept",
            "migrated",
          ]);
        }
        expect(await redis.hget(`${keys}value`, "cart")).toBe("two apples");
        expect(await redis.pexpiretime(`${keys}later`)).toBe(EXPIRY + 5);
        expect(await redis.hget(`${keys}older`, "cart")).toBe("apples");
      },
    );

    test("a tie does not save an expired session's copy, which would outlive a logout", async () => {
      const keys = prefix();
      await redis.hset(`${keys}a`, { last_activity_at: "1795459136" });
      await redis.hset(`${keys}b`, { last_activity_at: "1795459137" });
      const entries = ["a", "b"].map((name) => expired(name, "1795459136"));
      const loadOptions = options(keys, "newer", { timestamps: "epoch-seconds" });
      expect(await target.load(batchOf(entries), loadOptions)).toEqual(["expired", "expired"]);
      expect(await redis.exists(`${keys}a`)).toBe(0);
      expect(await redis.exists(`${keys}b`)).toBe(1);
    });

    test("of hashes without a recency the expiries are compared", async () => {
      const keys = prefix();
      const steps = [-5, -1, 0, 1, 2, null];
      for (const [i, step] of steps.entries()) {
        await redis.hset(`${keys}${i}`, "last_activity_at", NEW);
        if (step !== null) await redis.pexpireat(`${keys}${i}`, EXPIRY + step);
      }
      await redis.set(`${keys}string`, "held");
      const layout = byExpiry(keys, "hash");
      const names = [...steps.keys(), "string", "new"].map(String);
      const entries = names.map((name) => write(name, { recency: null, fields: ["a", "1"] }));
      const results = [
        "migrated",
        "migrated",
        "migrated",
        "migrated",
        "kept",
        "incomparable",
        "wrong-type",
        "migrated",
      ];
      for (let time = 0; time < 2; time += 1)
        expect(await target.load(batchOf(entries), { layout, conflict: "newer" })).toEqual(results);
      expect(await redis.hgetall(`${keys}0`)).toEqual({ a: "1" });
      expect(await redis.hgetall(`${keys}4`)).toEqual({ last_activity_at: NEW });
      const gone = names.map((name) => expired(name, null, EXPIRY));
      await target.load(batchOf(gone), { layout, conflict: "newer" });
      const left = await target.arePresent(names.map(id), layout.keys);
      expect(left).toEqual(results.map((result) => result !== "migrated"));
    });

    test("an expired session's newer or incomparable copy lives on", async () => {
      const keys = prefix();
      await redis.hset(`${keys}a`, { last_activity_at: NEW });
      await redis.hset(`${keys}b`, { last_activity_at: "?" });
      const results = await target.load(batchOf([expired("a", OLD), expired("b")]), options(keys));
      expect(results).toEqual(["expired", "expired"]);
      expect(await redis.exists(`${keys}a`, `${keys}b`)).toBe(2);
    });
  });

  describe("under keep", () => {
    test("a key that exists is never touched, however old", async () => {
      const keys = prefix();
      await redis.hset(`${keys}a`, { last_activity_at: OLD });
      await redis.hset(`${keys}b`, { mine: "1" });
      await redis.hset(`${keys}c`, { last_activity_at: OLD });
      const results = await target.load(
        batchOf([write("a"), write("b"), expired("c")]),
        options(keys, "keep"),
      );
      expect(results).toEqual(["kept", "kept", "expired"]);
      expect(await redis.hgetall(`${keys}a`)).toEqual({ last_activity_at: OLD });
      expect(await redis.hgetall(`${keys}b`)).toEqual({ mine: "1" });
      expect(await redis.hgetall(`${keys}c`)).toEqual({ last_activity_at: OLD });
    });

    test("what a crashed worker wrote counts as migrated when it is done again, what differs at all as kept", async () => {
      const keys = prefix();
      const many = Array.from({ length: 9_001 }, (_, i) => [`field ${i}`, `value ${i}`]).flat();
      const entries = ["same", "later", "value", "extra", "fewer", "name", "big", "bigger"].map(
        (name) => write(name, name.startsWith("big") ? { fields: many } : {}),
      );
      await target.load(batchOf(entries), options(keys, "keep"));
      await redis.pexpireat(`${keys}later`, EXPIRY + 1);
      await redis.hset(`${keys}value`, "cart", "pears");
      await redis.hset(`${keys}extra`, "theme", "dark");
      await redis.hdel(`${keys}fewer`, "cart");
      await redis.hdel(`${keys}name`, "cart");
      await redis.hset(`${keys}name`, "card", "apples");
      await redis.hset(`${keys}bigger`, "field 8999", "value 9000");
      const results = await target.load(batchOf(entries), options(keys, "keep"));
      expect(results).toEqual([
        "migrated",
        "kept",
        "kept",
        "kept",
        "kept",
        "kept",
        "migrated",
        "kept",
      ]);
    });
  });

  test("results come in the order of the entries, over many calls of the script", async () => {
    const keys = prefix();
    const names = Array.from({ length: 2_345 }, (_, i) => `${i}`);
    const held = names.filter((_, i) => i % 7 === 0);
    await Promise.all(held.map((name) => redis.hset(`${keys}${name}`, { last_activity_at: NEW })));
    // Large enough that there are many calls, and rejected sessions on both sides of each.
    const fields = ["last_activity_at", OLD, "cart", "apples".repeat(2_000)];
    const entries = names.map((name, i) =>
      i % 11 === 3 ? rejected(name) : write(name, { recency: OLD, fields }),
    );
    const results = await target.load(batchOf(entries), options(keys));
    expect(results).toEqual(
      names.map((_, i) => (i % 11 === 3 ? null : i % 7 === 0 ? "kept" : "migrated")),
    );
    const [found] = await target.readBack([id("2344")], layoutUnder(keys));
    expect(fieldsOf(found)).toEqual(pairs(fields));
    expect(await target.load(batchOf([]), options(keys))).toEqual([]);
  });

  test("a session without a single field stops the load before anything is written", async () => {
    const keys = prefix();
    const entries = [write("a"), write("b", { fields: [] })];
    await expect(target.load(batchOf(entries), options(keys))).rejects.toThrow("no value");
    expect(await redis.exists(`${keys}a`)).toBe(0);
  });

  test("an expiry that the server could not take stops the load before anything is written", async () => {
    const keys = prefix();
    await redis.hset(`${keys}a`, { last_activity_at: OLD });
    for (const expiresAt of [Number.NaN, Infinity, 1.5, 2 ** 63]) {
      await expect(
        target.load(batchOf([write("a", { expiresAt })]), options(keys)),
      ).rejects.toThrow("expiry");
    }
    expect(await redis.hgetall(`${keys}a`)).toEqual({ last_activity_at: OLD });
  });

  test("an expiry may be any the server can take: long passed, or far beyond every calendar", async () => {
    const keys = prefix();
    const exact = [2_000_000_000_000, 9_999_999_999_999, 10_000_000_000_000, 253_402_300_799_999];
    const beyond = [2 ** 53, 9_224_318_015_999_000, 2 ** 60, 2 ** 61, 4.6e18, 2 ** 62 - 512];
    const passed = [-(2 ** 61), -1, 0, 1, 9, 10, 99, 100];
    const all = [...exact, ...beyond, ...passed];
    const entries = all.map((expiresAt, i) => write(`${i}`, { expiresAt }));
    expect(await target.load(batchOf(entries), options(keys))).toEqual(all.map(() => "migrated"));
    const found = await target.readBack(
      all.map((_, i) => id(`${i}`)),
      layoutUnder(keys),
    );
    for (const [i, expiresAt] of all.entries()) {
      const held = found[i]!.expiresAt;
      if (expiresAt <= 100) expect(found[i]!.type).toBe("none");
      else if (expiresAt < 2 ** 53) expect(held).toBe(expiresAt);
      else expect(held! / expiresAt).toBeCloseTo(1, 12);
    }
  });

  test("a server that has forgotten the scripts is given them again", async () => {
    const keys = prefix();
    await target.load(batchOf([write("a")]), options(keys));
    await redis.script("FLUSH");
    expect(await target.load(batchOf([write("a")]), options(keys, "keep"))).toEqual(["migrated"]);
  });
});
