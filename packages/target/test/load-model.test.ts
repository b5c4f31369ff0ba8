import { compareActivity, type Mapping, nullText, renamed, type Transformed } from "@rehome/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoadOptions, LoadResult } from "../src/index.js";
import {
  batchOf,
  EXPIRY,
  id,
  options,
  pairs,
  rejected,
  useTarget,
  WAYS,
} from "./target-fixture.js";

/** What a key holds: nothing, something that is no hash, or a hash. */
type Held = null | "string" | { fields: Map<string, string>; expiresAt: number | null };

const IDS = ["a", "b", "c", "d"];

const isoTime = fc
  .tuple(
    fc.constantFrom("2026-01-01T00:00:00", "2026-01-01T00:00:01", "0999-12-31T23:59:59"),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([second, micro]) => `${second}.00000${micro}Z`);
const epoch = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.constantFrom("1.5", "-0", "007", "999999999999999", "20.000000000000001"),
);
const odd = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789.-+eE \n\u0000TZ:")) }),
  fc.constantFrom(
    "",
    "null",
    "1.",
    ".5",
    "+1",
    "0x10",
    "1e3",
    " 1",
    "1 ",
    "1\n",
    "1000000000000000",
    "nan",
    "inf",
    "1..2",
  ),
  fc.constantFrom(
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000000z",
    "12026-01-01T00:00:00.000000Z",
    "２026-01-01T00:00:00.000000Z",
  ),
);

const mappings = fc
  .record({
    timestamps: fc.constantFrom("iso", "epoch-seconds", "epoch-milliseconds"),
    nulls: fc.constantFrom(
      "omit",
      "empty",
      { placeholder: "null" },
      { placeholder: "3" },
      { placeholder: "2026-01-01T00:00:00.000001Z" },
    ),
    renames: fc.constantFrom({}, { last_activity_at: "seen" }, { last_activity_at: "__proto__" }),
  })
  .map((chosen) => options("", "newer", chosen).mapping);

function times(mapping: Mapping): fc.Arbitrary<string> {
  return mapping.timestamps === "iso" ? isoTime : epoch.filter((text) => /^-?\d+$/.test(text));
}

const names: fc.Arbitrary<string> = fc.constantFrom(
  "user_id",
  "cart",
  "",
  "__proto__",
  "last_activity_at",
  "seen",
  "é\u0001\r\n$3",
);
const fieldMaps = fc
  .array(fc.tuple(names, fc.string()), { minLength: 1, maxLength: 4 })
  .map((entries) => new Map(entries));
const expiries = fc.integer({ min: 0, max: 2 }).map((more) => EXPIRY + more);

function entries(mapping: Mapping): fc.Arbitrary<Transformed> {
  const activity = fc.option(times(mapping));
  const write = fc
    .record({
      fields: fieldMaps,
      lastActivityAt: activity,
      expiresAt: expiries,
      name: fc.constantFrom(...IDS),
    })
    .map((made): Transformed => {
      const fields = new Map(made.fields);
      const text = made.lastActivityAt ?? nullText(mapping);
      fields.delete(activityName(mapping));
      if (text !== null) fields.set(activityName(mapping), text);
      else fields.set("user_id", "1");
      return {
        kind: "write",
        session: {
          id: id(made.name),
          fields: [...fields].flat(),
          expiresAt: made.expiresAt,
          lastActivityAt: made.lastActivityAt,
        },
      };
    });
  const expired = fc
    .record({ name: fc.constantFrom(...IDS), lastActivityAt: activity })
    .map((made): Transformed => ({
      kind: "expired",
      id: id(made.name),
      lastActivityAt: made.lastActivityAt,
    }));
  return fc.oneof(
    { weight: 6, arbitrary: write },
    { weight: 2, arbitrary: expired },
    { weight: 1, arbitrary: fc.constantFrom(...IDS).map(rejected) },
  );
}

function helds(mapping: Mapping): fc.Arbitrary<Held> {
  const activity = fc.option(fc.oneof(isoTime, epoch, odd, fc.constant(nullText(mapping) ?? "")));
  const hash = fc
    .record({ fields: fieldMaps, activity, expiresAt: fc.option(expiries) })
    .map((made): Held => {
      const fields = new Map(made.fields);
      if (made.activity !== null) fields.set(activityName(mapping), made.activity);
      return { fields, expiresAt: made.expiresAt };
    });
  return fc.oneof({ weight: 4, arbitrary: hash }, fc.constant(null), fc.constant<Held>("string"));
}

function activityName(mapping: Mapping): string {
  return renamed(mapping.renames, "last_activity_at");
}

/** The contract's Load step, written once more, from its text. */
function loadIntoModel(
  model: Map<string, Held>,
  entry: Transformed,
  { mapping, conflict }: LoadOptions,
): LoadResult | null {
  if (entry.kind === "rejected") return null;
  const name = entry.kind === "write" ? entry.session.id : entry.id;
  const held = model.get(name) ?? null;
  if (held === "string") return entry.kind === "write" ? "wrong-type" : "expired";
  const ours = entry.kind === "write" ? entry.session.lastActivityAt : entry.lastActivityAt;
  const verdict =
    conflict === "newer" && held !== null ? judge(held.fields, ours, mapping) : "older";
  if (entry.kind === "expired") {
    if (conflict !== "keep" && verdict === "older") model.delete(name);
    return "expired";
  }
  const wanted: Held = { fields: pairs(entry.session.fields), expiresAt: entry.session.expiresAt };
  if (conflict === "keep" && held !== null) {
    const [a, b] = [held, wanted].map((hash) =>
      JSON.stringify([
        [...hash.fields].map((field) => JSON.stringify(field)).toSorted((x, y) => (x < y ? -1 : 1)),
        hash.expiresAt,
      ]),
    );
    return a === b ? "migrated" : "kept";
  }
  if (verdict !== "older") return verdict;
  model.set(name, wanted);
  return "migrated";
}

function judge(
  fields: Map<string, string>,
  ours: string | null,
  mapping: Mapping,
): "older" | "kept" | "incomparable" {
  const theirs = fields.get(activityName(mapping));
  if (theirs === undefined || theirs === nullText(mapping)) return "older";
  if (ours === null) return "kept";
  const [a, b] = [theirs, ours].map((text) => measure(text, mapping));
  if (a === null) return "incomparable";
  return a! > b! ? "kept" : "older";
}

/** A number that grows with time; null where the text is not of the mapping's form. */
function measure(text: string, mapping: Mapping): bigint | number | null {
  const letters = Array.from(text);
  if (mapping.timestamps === "iso") {
    const shape = letters.map((letter) => (isDigit(letter) ? "0" : letter)).join("");
    if (shape !== "0000-00-00T00:00:00.000000Z") return null;
    return BigInt(letters.filter(isDigit).join(""));
  }
  const parts = text.replace(/^-/, "").split(".");
  const areDigits = parts.every((part) => part !== "" && Array.from(part).every(isDigit));
  return parts.length <= 2 && areDigits && parts[0]!.length <= 15 ? Number.parseFloat(text) : null;
}

function isDigit(letter: string): boolean {
  return letter >= "0" && letter <= "9";
}

describe.each(WAYS)("written by %s", (way) => {
  const { target, redis, prefix } = useTarget(way);
  async function put(keys: string, model: ReadonlyMap<string, Held>): Promise<void> {
    for (const name of IDS) {
      const [key, held] = [keys + name, model.get(name) ?? null];
      await redis.del(key);
      if (held === "string") await redis.set(key, "held");
      else if (held !== null) {
        await redis.hset(key, ...[...held.fields].flat());
        if (held.expiresAt !== null) await redis.pexpireat(key, held.expiresAt);
      }
    }
  }

  async function read(keys: string): Promise<Map<string, Held>> {
    const model = new Map<string, Held>();
    for (const name of IDS) {
      const type = await redis.type(keys + name);
      if (type === "string") model.set(name, "string");
      if (type !== "hash") continue;
      const fields = pairs((await redis.call("HGETALL", keys + name)) as string[]);
      const expiresAt = await redis.pexpiretime(keys + name);
      model.set(name, { fields, expiresAt: expiresAt < 0 ? null : expiresAt });
    }
    return model;
  }

  const scenarios = mappings.chain((mapping) =>
    fc.record({
      mapping: fc.constant(mapping),
      start: fc.array(fc.tuple(fc.constantFrom(...IDS), helds(mapping)), { maxLength: 4 }),
      loads: fc.array(
        fc.record({
          conflict: fc.constantFrom("newer", "replace", "keep"),
          entries: fc.array(entries(mapping), { minLength: 1, maxLength: 6 }),
          twice: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  );

  test("whatever the target holds, a load does to it what the contract says", async () => {
    const keys = prefix();
    await fc.assert(
      fc.asyncProperty(scenarios, async ({ mapping, start, loads }) => {
        const model = new Map(start.filter(([, held]) => held !== null));
        await put(keys, model);
        for (const { conflict, entries: batch, twice } of loads) {
          const loadOptions = { conflict, mapping: { ...mapping, keyPrefix: keys } } as const;
          for (let time = 0; time < (twice ? 2 : 1); time += 1) {
            const expected = batch.map((entry) => loadIntoModel(model, entry, loadOptions));
            expect(await target.load(batchOf(batch), loadOptions)).toEqual(expected);
            expect(await read(keys)).toEqual(model);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("the target compares last activities as core does", async () => {
    const keys = prefix();
    const pairsOf = mappings.chain((mapping) =>
      fc.record({
        mapping: fc.constant(mapping),
        pairs: fc.array(
          fc.tuple(fc.option(fc.oneof(isoTime, epoch, odd)), fc.option(times(mapping))),
          { minLength: 1, maxLength: 150 },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(pairsOf, async ({ mapping, pairs: compared }) => {
        const name = activityName(mapping);
        const filling = redis.pipeline();
        for (const [i, [found]] of compared.entries()) {
          filling
            .del(keys + i)
            .hset(keys + i, "user_id", "1", ...(found === null ? [] : [name, found]));
        }
        await filling.exec();
        const batch = compared.map(([, source], i): Transformed => {
          const fields = ["user_id", "2", ...(source === null ? [] : [name, source])];
          return {
            kind: "write",
            session: {
              id: id(String(i)),
              fields,
              expiresAt: EXPIRY,
              lastActivityAt: source,
            },
          };
        });
        const expected = compared.map(([found, source]) => {
          const present = found === nullText(mapping) ? null : found;
          const order = compareActivity(present, source, mapping.timestamps);
          return order === "newer"
            ? "kept"
            : order === "incomparable"
              ? "incomparable"
              : "migrated";
        });
        expect(
          await target.load(batchOf(batch), {
            conflict: "newer",
            mapping: { ...mapping, keyPrefix: keys },
          }),
        ).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});
