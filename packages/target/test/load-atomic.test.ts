import { Redis } from "ioredis";
import { afterAll, describe, expect, inject, test } from "vitest";
import { batchOf, EXPIRY, options, pairs, useTarget, WAYS, write } from "./target-fixture.js";

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
