import { Redis } from "ioredis";
import { afterAll, describe, expect, inject, test } from "vitest";
import {
  batchOf,
  byExpiry,
  EXPIRY,
  text,
  options,
  pairs,
  useTarget,
  WAYS,
  write,
} from "./target-fixture.js";

/** Many enough to be written in several slices. */
const FIELDS = 2_500;

function version(letter: string): string[] {
  return Array.from({ length: FIELDS }, (_, i) => [`${letter}${i}`, letter]).flat();
}

describe.each(WAYS)("written by %s", (way) => {
  const { target, redis, prefix } = useTarget(way);
  const reader = new Redis(inject("redisUrl"));
  afterAll(() => reader.disconnect());

  test("a reader never sees a session half written, mixed with its older self, missing, or without its expiry", async () => {
    const keys = prefix();
    const versions = new Map(
      ["a", "b"].map((letter, i) => [letter, { fields: version(letter), expiresAt: EXPIRY + i }]),
    );
    const entriesOf = (letter: string) => [
      write("small", { ...versions.get(letter)!, fields: [letter, letter] }),
      write("big", versions.get(letter)!),
    ];
    await target.load(batchOf(entriesOf("a")), options(keys, "replace"));

    let loading = true;
    const seen = new Set<string>();
    async function read(name: string): Promise<void> {
      while (loading) {
        // The whole at one moment, and the hash as an application reads it.
        const [both, alone] = await Promise.all([
          reader
            .multi()
            .hgetall(keys + name)
            .pexpiretime(keys + name)
            .exec(),
          reader.hgetall(keys + name),
        ]);
        const [fields, expiresAt] = both!.map(([, reply]) => reply) as [
          Record<string, string>,
          number,
        ];
        for (const hash of [fields, alone]) {
          const [letter] = Object.values(hash);
          if (letter === undefined) throw new Error(`${name} is missing`);
          const wanted =
            name === "small"
              ? { [letter]: letter }
              : Object.fromEntries(pairs(versions.get(letter)!.fields));
          expect(hash).toEqual(wanted);
        }
        const letter = Object.values(fields)[0]!;
        expect(expiresAt).toBe(versions.get(letter)!.expiresAt);
        seen.add(letter + name);
      }
    }

    async function writeInTurns(): Promise<void> {
      for (let i = 0; i < 100; i += 1)
        await target.load(batchOf(entriesOf(i % 2 === 0 ? "b" : "a")), options(keys, "replace"));
      loading = false;
    }
    await Promise.all([writeInTurns(), read("small"), read("big")]);
    expect(seen).toEqual(new Set(["asmall", "bsmall", "abig", "bbig"]));
    expect(await redis.hlen(`${keys}big`)).toBe(FIELDS);
  });
});

describe("strings", () => {
  const { target, redis, prefix } = useTarget("set");
  const reader = new Redis(inject("redisUrl"));
  afterAll(() => reader.disconnect());

  test.each([100, 1_000_000])(
    "a reader never sees a string of %i bytes half written, missing, or without its expiry, while it is replaced",
    async (length) => {
      const keys = prefix();
      const versions = ["a", "b"].map((letter, i) => ({
        value: Buffer.alloc(length, letter),
        expiresAt: EXPIRY + 5 * i,
      }));
      const replace = async (version: number) => {
        const { value, expiresAt } = versions[version]!;
        const loadOptions = { layout: byExpiry(keys), conflict: "replace" } as const;
        const loaded = await target.load(batchOf([text("a", value, { expiresAt })]), loadOptions);
        expect(loaded).toEqual(["migrated"]);
      };
      await replace(0);

      let loading = true;
      const seen = new Set<number>();
      async function readInTurns(): Promise<void> {
        while (loading) {
          const both = await reader.multi().getBuffer(`${keys}a`).pexpiretime(`${keys}a`).exec();
          const [value, expiresAt] = both!.map(([, reply]) => reply) as [Buffer | null, number];
          const version = versions.findIndex((one) => value?.equals(one.value) === true);
          expect(version).not.toBe(-1);
          expect(expiresAt).toBe(versions[version]!.expiresAt);
          seen.add(version);
        }
      }
      async function writeInTurns(): Promise<void> {
        for (let i = 0; i < 100; i += 1) await replace((i + 1) % 2);
        loading = false;
      }
      await Promise.all([writeInTurns(), readInTurns()]);
      expect(seen).toEqual(new Set([0, 1]));
      expect(await redis.strlen(`${keys}a`)).toBe(length);
    },
  );
});
