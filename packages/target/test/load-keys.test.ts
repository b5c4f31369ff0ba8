import { randomBytes } from "node:crypto";
import type { KeyLayout, SessionId, TargetLayout, Transformed } from "@rehome/core";
import { TransformedBatch } from "@rehome/core";
import { describe, expect, test } from "vitest";
import { byExpiry, EXPIRY, id, layoutUnder, PAST, useTarget } from "./target-fixture.js";

const { target, redis, prefix } = useTarget();

const FIRST = Buffer.from([0x00, 0xff, 0x0d, 0x0a, 0x5c]);

/** Ids of one kind, and the bytes they are. */
const KINDS: readonly {
  readonly what: string;
  readonly layout: Omit<KeyLayout, "prefix">;
  readonly ids: (prefix: string) => readonly (readonly [SessionId, Buffer])[];
}[] = [
  {
    what: "bytes after the prefix",
    layout: { idKind: "bytes", idHoldsPrefix: false },
    ids: () => [FIRST, randomBytes(20), Buffer.alloc(0), Buffer.from("text")].map(asBytes),
  },
  {
    what: "bytes that hold the prefix",
    layout: { idKind: "bytes", idHoldsPrefix: true },
    ids: (keys) =>
      [FIRST, randomBytes(20), Buffer.alloc(0)].map((bytes) =>
        asBytes(Buffer.concat([Buffer.from(keys), bytes])),
      ),
  },
  {
    what: "texts that hold the prefix",
    layout: { idKind: "text", idHoldsPrefix: true },
    ids: (keys) =>
      ["", "a", keys, String.raw`\x00`, "漢 🦊"].map((name) => [
        id(keys + name),
        Buffer.from(keys + name),
      ]),
  },
  {
    what: "texts after the prefix, one of which looks like bytes",
    layout: { idKind: "text", idHoldsPrefix: false },
    ids: () => ["", "a", String.raw`\x00ff`].map((name) => [id(name), Buffer.from(name)]),
  },
];

function asBytes(bytes: Buffer): readonly [SessionId, Buffer] {
  return [id(String.raw`\x${bytes.toString("hex")}`), bytes];
}

describe.each(KINDS)("ids that are $what", ({ layout: keysOf, ids: idsUnder }) => {
  test.each(["hash", "string"] as const)(
    "lead a %s to its key and back: load, read back, presence, scan and removal",
    async (type) => {
      const keys = prefix();
      const ids = idsUnder(keys);
      const base: TargetLayout = type === "hash" ? layoutUnder(keys) : byExpiry(keys);
      const layout: TargetLayout = { ...base, keys: { prefix: keys, ...keysOf } };
      const entries = ids.map(([name], i): Transformed => ({
        kind: "write",
        session: {
          id: name,
          fields: [type === "hash" ? "a" : "", `value ${i}`],
          expiresAt: EXPIRY,
          recency: null,
        },
      }));
      const batch = (made: readonly Transformed[]) => TransformedBatch.of(made, keysOf.idKind);

      // New, then met by the script.
      for (const conflict of ["newer", "replace", "keep"] as const) {
        const results = await target.load(batch(entries), { layout, conflict });
        expect(results).toEqual(ids.map(() => "migrated"));
      }
      for (const [i, [, bytes]] of ids.entries()) {
        const key = keysOf.idHoldsPrefix ? bytes : Buffer.concat([Buffer.from(keys), bytes]);
        const held =
          type === "hash" ? await redis.hgetBuffer(key, "a") : await redis.getBuffer(key);
        expect(held?.toString()).toBe(`value ${i}`);
      }

      const names = ids.map(([name]) => name);
      const found = await target.readBack(names.toReversed(), layout);
      expect(found.map(({ fields }) => fields[1]!.toString())).toEqual(
        names.map((_, i) => `value ${i}`).toReversed(),
      );
      const none =
        keysOf.idKind === "bytes"
          ? asBytes(Buffer.concat([Buffer.from(keys), Buffer.from("none")]))[0]
          : id(`${keys}none`);
      expect(await target.arePresent([...names, none], layout.keys)).toEqual([
        ...names.map(() => true),
        false,
      ]);
      const scanned: SessionId[] = [];
      for await (const page of target.scanIds(layout.keys)) scanned.push(...page);
      expect(scanned.toSorted()).toEqual(names.toSorted());

      const gone = names.map((name): Transformed => ({
        kind: "expired",
        id: name,
        expiresAt: PAST,
        recency: null,
      }));
      const removed = await target.load(batch(gone), { layout, conflict: "replace" });
      expect(removed).toEqual(names.map(() => "expired"));
      expect(await target.arePresent(names, layout.keys)).toEqual(names.map(() => false));
    },
  );
});
