import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  batchOf,
  countKeys,
  EXPIRY,
  fieldsOf,
  id,
  options,
  pairs,
  useTarget,
  WAYS,
  write,
  keysUnder,
  layoutUnder,
} from "./target-fixture.js";

const HOSTILE = [
  "",
  " ",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "a\r\n$3\r\nfoo\r\n",
  "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n",
  "\u0000",
  "\u0001",
  "{user}:1",
  "{}",
  "}{",
  `"quoted" 'twice' \\ \`back\``,
  "' .. redis.call('FLUSHALL') .. '",
  "*?[a-z]",
  "Ünïcödé 漢字 🦊",
  "\ufeff",
  "-0",
  "1e999",
];

describe.each(WAYS)("written by %s", (way) => {
  const { target, redis, prefix } = useTarget(way);
  describe("byte for byte", () => {
    test("hostile ids, names and values arrive as they are, and nowhere else", async () => {
      const keys = prefix();
      const fields = HOSTILE.flatMap((name, i) => [name, HOSTILE.at(-1 - i)!]);
      const results = await target.load(
        batchOf(HOSTILE.map((name) => write(name, { fields, recency: null }))),
        options(keys),
      );
      expect(results).toEqual(HOSTILE.map(() => "migrated"));
      expect(await countKeys(target, keys)).toBe(HOSTILE.length);
      for (const name of HOSTILE) {
        const key = Buffer.from(keys + name);
        expect(pairs((await redis.call("HGETALL", key)) as string[])).toEqual(pairs(fields));
        expect(await redis.pexpiretime(key)).toBe(EXPIRY);
      }
      expect(await target.arePresent(HOSTILE.map(id), keysUnder(keys))).toEqual(
        HOSTILE.map(() => true),
      );
    });

    test("any text comes back as the same bytes", async () => {
      const keys = prefix();
      const text = fc.string({ unit: "binary" });
      const sessions = fc.uniqueArray(
        fc.tuple(text, fc.dictionary(text, text, { minKeys: 1, maxKeys: 5 })),
        { selector: ([name]) => name, minLength: 1, maxLength: 5 },
      );
      await fc.assert(
        fc.asyncProperty(sessions, async (made) => {
          const entries = made.map(([name, fields]) =>
            write(name, { fields: Object.entries(fields).flat(), recency: null }),
          );
          await target.load(batchOf(entries), options(keys, "replace"));
          const found = await target.readBack(
            made.map(([name]) => id(name)),
            layoutUnder(keys),
          );
          for (const [i, [, fields]] of made.entries()) {
            const wanted = Object.entries(fields).map(([name, value]) => [
              Buffer.from(name).toString("hex"),
              Buffer.from(value).toString("hex"),
            ]);
            const held = found[i]!.fields.map((field) => field.toString("hex"));
            expect(pairs(held)).toEqual(new Map(wanted as [string, string][]));
          }
        }),
        { numRuns: 200 },
      );
    });
  });

  test("any bytes come back as they are, also where they are no text: values of new keys and of replaced ones", async () => {
    const keys = prefix();
    const bytes = fc.uint8Array({ maxLength: 200 }).map((made) => Buffer.from(made));
    const names = fc.oneof(
      bytes,
      fc.string().map((text) => Buffer.from(text)),
    );
    const fields = fc.uniqueArray(fc.tuple(names, bytes), {
      selector: ([name]) => name.toString("hex"),
      minLength: 1,
      maxLength: 5,
    });
    const hex = (one: Buffer) => one.toString("hex");
    await fc.assert(
      fc.asyncProperty(fields, fc.constantFrom("replace", "keep"), async (made, conflict) => {
        const entries = [write("a", { fields: made.flat(), recency: null })];
        if (conflict === "keep") await redis.del(`${keys}a`);
        for (let time = 0; time < 2; time += 1)
          expect(await target.load(batchOf(entries), options(keys, conflict))).toEqual([
            "migrated",
          ]);
        const [found] = await target.readBack([id("a")], layoutUnder(keys));
        expect(pairs(found!.fields.map(hex))).toEqual(pairs(made.flat().map(hex)));
      }),
      { numRuns: 200 },
    );
  });

  describe("large sessions", () => {
    test.each([3_000, 4_001, 50_000])(
      "a session of %i attributes is written whole",
      async (count) => {
        const keys = prefix();
        const fields = Array.from({ length: count }, (_, i) => [
          `attribute ${i}`,
          `value ${i}`,
        ]).flat();
        const entries = [write("before"), write("a", { fields }), write("after")];
        expect(await target.load(batchOf(entries), options(keys))).toEqual([
          "migrated",
          "migrated",
          "migrated",
        ]);
        const [found] = await target.readBack([id("a")], layoutUnder(keys));
        expect(fieldsOf(found)).toEqual(pairs(fields));
        expect(found!.expiresAt).toBe(EXPIRY);
        const smaller = write("a", { fields: fields.slice(0, 2_000) });
        await target.load(batchOf([smaller]), options(keys, "replace"));
        expect(await redis.hlen(`${keys}a`)).toBe(1_000);
      },
    );

    test("values of 5 MB are written whole", async () => {
      const keys = prefix();
      const megabytes = (letter: string): string => `é${letter.repeat(5_000_000)}\r\n`;
      const entries = ["a", "b", "c"].map((name) =>
        write(name, { fields: ["cart", megabytes(name)], recency: null }),
      );
      expect(await target.load(batchOf(entries), options(keys))).toEqual([
        "migrated",
        "migrated",
        "migrated",
      ]);
      const found = await target.readBack(["a", "b", "c"].map(id), layoutUnder(keys));
      for (const [i, name] of ["a", "b", "c"].entries()) {
        expect(found[i]!.fields[1]!.equals(Buffer.from(megabytes(name)))).toBe(true);
      }
    });
  });
});
