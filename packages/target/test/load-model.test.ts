import {
  compareExpiries,
  compareTexts,
  type RecencyForm,
  type RecencyRule,
  type TargetLayout,
  type Transformed,
} from "@rehome/core";
import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import type { LoadOptions, LoadResult } from "../src/index.js";
import {
  batchOf,
  EXPIRY,
  id,
  keysUnder,
  pairs,
  PAST,
  rejected,
  useTarget,
  WAYS,
} from "./target-fixture.js";

const seed = inject("seed");

/** What a key holds: nothing, something of another type, or a value; a string is the value of a field without a name. */
type Held = null | "other" | { fields: Map<string, string>; expiresAt: number | null };

type Layout = Omit<TargetLayout, "keys">;

const IDS = ["a", "b", "c", "d"];

const isoTime = fc
  .tuple(
    fc.constantFrom("2026-01-01T00:00:00", "2026-01-01T00:00:01", "0999-12-31T23:59:59"),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([second, micro]) => `${second}.00000${micro}Z`);
/** As an epoch is written, or as a source prints a number, among them ones that no double tells apart. */
const number = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.constantFrom("1.5", "-0", "007", "999999999999999", "20.000000000000001", "-1.50", "0.05"),
  fc
    .bigInt({ min: 1_795_459_136_924_123_455n, max: 1_795_459_136_924_123_457n })
    .map((nanoseconds) => String(nanoseconds)),
  fc.constantFrom("-9007199254740993", "-9007199254740992", "12345678901234567890.1"),
);
const oddNumber = fc.constantFrom("NaN", "Infinity", "-Infinity", "1e+20", "1.5e-07");
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
    "1".repeat(30),
    "1".repeat(31),
    `0.${"1".repeat(30)}`,
    `0.${"1".repeat(31)}`,
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

const fieldRules: fc.Arbitrary<RecencyRule> = fc.record({
  by: fc.constant("field" as const),
  name: fc.constantFrom("last_activity_at", "seen", "__proto__"),
  form: fc.constantFrom("iso", "number", "rounded-number"),
  absent: fc.constantFrom(null, "", "null", "3", "2026-01-01T00:00:00.000001Z"),
});

function layoutsOf(type: TargetLayout["type"]): fc.Arbitrary<Layout> {
  const expiry = fc.constant<RecencyRule>({ by: "expiry" });
  const rules =
    type === "string"
      ? expiry
      : fc.oneof({ weight: 3, arbitrary: fieldRules }, { weight: 1, arbitrary: expiry });
  return rules.map((recency) => ({ type, recency }));
}

/** What a source may hold as recency. */
function recenciesOf(rule: RecencyRule): fc.Arbitrary<string | null> {
  if (rule.by === "expiry") return fc.constant(null);
  if (rule.form === "iso") return fc.option(isoTime);
  return fc.option(fc.oneof({ weight: 6, arbitrary: number }, { weight: 1, arbitrary: oddNumber }));
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
function valuesOf(type: TargetLayout["type"]): fc.Arbitrary<Map<string, string>> {
  if (type === "string") return fc.string().map((text) => new Map([["", text]]));
  return fc
    .array(fc.tuple(names, fc.string()), { minLength: 1, maxLength: 4 })
    .map((entries) => new Map(entries));
}
const expiries = fc.integer({ min: 0, max: 4 }).map((more) => EXPIRY + more);

function entriesOf({ type, recency: rule }: Layout): fc.Arbitrary<Transformed> {
  const write = fc
    .record({
      fields: valuesOf(type),
      recency: recenciesOf(rule),
      expiresAt: expiries,
      name: fc.constantFrom(...IDS),
    })
    .map(({ fields: made, recency, expiresAt, name }): Transformed => {
      const fields = new Map(made);
      if (rule.by === "field") {
        const text = recency ?? rule.absent;
        fields.delete(rule.name);
        if (text !== null) fields.set(rule.name, text);
        else fields.set("user_id", "1");
      }
      const session = { id: id(name), fields: [...fields].flat(), expiresAt, recency };
      return { kind: "write", session };
    });
  const expired = fc
    .record({
      name: fc.constantFrom(...IDS),
      recency: recenciesOf(rule),
      // One that has passed, and, as if the clocks of two servers differed, one that has not.
      expiresAt: fc.oneof(fc.constant(PAST), expiries),
    })
    .map(({ name, ...made }): Transformed => ({ kind: "expired", id: id(name), ...made }));
  return fc.oneof(
    { weight: 6, arbitrary: write },
    { weight: 2, arbitrary: expired },
    { weight: 1, arbitrary: fc.constantFrom(...IDS).map(rejected) },
  );
}

function nameOf(entry: Transformed): string {
  if (entry.kind === "write") return entry.session.id;
  return entry.kind === "expired" ? entry.id : entry.reject.id;
}

function heldsOf({ type, recency: rule }: Layout): fc.Arbitrary<Held> {
  const absent = rule.by === "field" ? (rule.absent ?? "") : "";
  const recencies = fc.option(fc.oneof(isoTime, number, oddNumber, odd, fc.constant(absent)));
  const value = fc
    .record({ fields: valuesOf(type), recency: recencies, expiresAt: fc.option(expiries) })
    .map(({ fields: made, recency, expiresAt }): Held => {
      const fields = new Map(made);
      if (rule.by === "field" && recency !== null) fields.set(rule.name, recency);
      return { fields, expiresAt };
    });
  return fc.oneof({ weight: 4, arbitrary: value }, fc.constant(null), fc.constant<Held>("other"));
}

/** The contract's Load step, written once more, from its text. */
function loadIntoModel(
  model: Map<string, Held>,
  entry: Transformed,
  { layout, conflict }: LoadOptions,
): LoadResult | null {
  if (entry.kind === "rejected") return null;
  const ours = entry.kind === "write" ? entry.session : entry;
  const held = model.get(ours.id) ?? null;
  if (held === "other") return entry.kind === "write" ? "wrong-type" : "expired";
  const verdict = conflict === "newer" && held !== null ? judge(held, ours, layout) : "older";
  if (entry.kind === "expired") {
    const isOlder = verdict === "older" || verdict === "tied";
    if (conflict !== "keep" && isOlder) model.delete(ours.id);
    return "expired";
  }
  const { fields, expiresAt } = entry.session;
  const wanted: Held = { fields: pairs(fields as readonly string[]), expiresAt };
  if ((conflict === "keep" || verdict === "tied") && held !== null) {
    const [a, b] = [held, wanted].map((value) =>
      JSON.stringify([
        [...value.fields]
          .map((field) => JSON.stringify(field))
          .toSorted((x, y) => (x < y ? -1 : 1)),
        value.expiresAt,
      ]),
    );
    return a === b ? "migrated" : "kept";
  }
  if (verdict === "kept" || verdict === "incomparable") return verdict;
  model.set(ours.id, wanted);
  return "migrated";
}

function judge(
  held: Exclude<Held, null | "other">,
  ours: { readonly recency: string | null; readonly expiresAt: number },
  { recency: rule }: TargetLayout,
): "older" | "tied" | "kept" | "incomparable" {
  if (rule.by === "expiry") {
    if (held.expiresAt === null) return "incomparable";
    return held.expiresAt - ours.expiresAt > 1 ? "kept" : "older";
  }
  const theirs = held.fields.get(rule.name);
  if (theirs === undefined || theirs === rule.absent) return "older";
  if (ours.recency === null) return "kept";
  const equal = rule.form === "rounded-number" ? "tied" : "older";
  if (theirs === ours.recency) return equal;
  const [a, b] = [theirs, ours.recency].map((text) => measure(text, rule.form));
  if (a === null || b === null) return "incomparable";
  return a! > b! ? "kept" : a === b ? equal : "older";
}

/** A number that grows with time; null where the text is not of the form. */
function measure(text: string, form: RecencyForm): bigint | null {
  const letters = Array.from(text);
  if (form === "iso") {
    const shape = letters.map((letter) => (isDigit(letter) ? "0" : letter)).join("");
    if (shape !== "0000-00-00T00:00:00.000000Z") return null;
    return BigInt(letters.filter(isDigit).join(""));
  }
  const parts = text.replace(/^-/, "").split(".");
  const areDigits = parts.every(
    (part) => part !== "" && part.length <= 30 && Array.from(part).every(isDigit),
  );
  if (parts.length > 2 || !areDigits) return null;
  const magnitude = BigInt(parts[0]! + (parts[1] ?? "").padEnd(30, "0"));
  return text.startsWith("-") ? -magnitude : magnitude;
}

function isDigit(letter: string): boolean {
  return letter >= "0" && letter <= "9";
}

describe.each([...WAYS, "set"] as const)("written by %s", (way) => {
  const { target, redis, prefix } = useTarget(way);
  const type = way === "set" ? "string" : "hash";
  const layouts = layoutsOf(type);

  async function put(keys: string, model: ReadonlyMap<string, Held>): Promise<void> {
    for (const name of IDS) {
      const [key, held] = [keys + name, model.get(name) ?? null];
      await redis.del(key);
      if (held === "other") await redis.rpush(key, "held");
      else if (held !== null) {
        if (type === "string") await redis.set(key, held.fields.get("")!);
        else await redis.hset(key, ...[...held.fields].flat());
        if (held.expiresAt !== null) await redis.pexpireat(key, held.expiresAt);
      }
    }
  }

  async function read(keys: string): Promise<Map<string, Held>> {
    const model = new Map<string, Held>();
    for (const name of IDS) {
      const key = keys + name;
      const heldType = await redis.type(key);
      if (heldType === "list") model.set(name, "other");
      if (heldType !== type) continue;
      const fields =
        type === "string"
          ? new Map([["", (await redis.get(key))!]])
          : pairs((await redis.call("HGETALL", key)) as string[]);
      const expiresAt = await redis.pexpiretime(key);
      model.set(name, { fields, expiresAt: expiresAt < 0 ? null : expiresAt });
    }
    return model;
  }

  const scenarios = layouts.chain((layout) =>
    fc.record({
      layout: fc.constant(layout),
      start: fc.array(fc.tuple(fc.constantFrom(...IDS), heldsOf(layout)), { maxLength: 4 }),
      loads: fc.array(
        fc.record({
          conflict: fc.constantFrom("newer", "replace", "keep"),
          // A batch holds an id once.
          entries: fc.uniqueArray(entriesOf(layout), {
            minLength: 1,
            maxLength: 6,
            selector: nameOf,
          }),
          twice: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  );

  test("whatever the target holds, a load does to it what the contract says", async () => {
    const keys = prefix();
    await fc.assert(
      fc.asyncProperty(scenarios, async ({ layout, start, loads }) => {
        const model = new Map(start.filter(([, held]) => held !== null));
        await put(keys, model);
        for (const { conflict, entries: batch, twice } of loads) {
          const loadOptions = { conflict, layout: { ...layout, keys: keysUnder(keys) } } as const;
          for (let time = 0; time < (twice ? 2 : 1); time += 1) {
            const expected = batch.map((entry) => loadIntoModel(model, entry, loadOptions));
            expect(await target.load(batchOf(batch), loadOptions)).toEqual(expected);
            expect(await read(keys)).toEqual(model);
          }
        }
      }),
      { numRuns: 300, seed },
    );
  });

  const compared = fc.tuple(fc.option(expiries), expiries);
  test("the target compares expiries as core does", async () => {
    const keys = prefix();
    await fc.assert(
      fc.asyncProperty(fc.array(compared, { minLength: 1, maxLength: 50 }), async (cases) => {
        for (const [i, [found]] of cases.entries()) await holdUntil(`${keys}${i}`, found);
        const batch = cases.map(([, expiresAt], i): Transformed => ({
          kind: "write",
          session: { id: id(String(i)), fields: ["", "ours"], expiresAt, recency: null },
        }));
        const layout = { type, keys: keysUnder(keys), recency: { by: "expiry" } } as const;
        const expected = cases.map(([found, source]) => resultOf(compareExpiries(found, source)));
        expect(await target.load(batchOf(batch), { conflict: "newer", layout })).toEqual(expected);
      }),
      { numRuns: 20, seed },
    );
  });

  async function holdUntil(key: string, expiresAt: number | null): Promise<void> {
    await redis.del(key);
    if (type === "string") await redis.set(key, "theirs");
    else await redis.hset(key, "", "theirs");
    if (expiresAt !== null) await redis.pexpireat(key, expiresAt);
  }

  test.skipIf(type === "string")("the target compares recencies as core does", async () => {
    const keys = prefix();
    const pairsOf = fieldRules.chain((rule) =>
      fc.record({
        rule: fc.constant(rule as RecencyRule & { by: "field" }),
        pairs: fc.array(
          fc.tuple(fc.option(fc.oneof(isoTime, number, oddNumber, odd)), recenciesOf(rule)),
          { minLength: 1, maxLength: 150 },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(pairsOf, async ({ rule, pairs: cases }) => {
        const filling = redis.pipeline();
        for (const [i, [found]] of cases.entries()) {
          filling
            .del(keys + i)
            .hset(keys + i, "user_id", "1", ...(found === null ? [] : [rule.name, found]));
        }
        await filling.exec();
        const batch = cases.map(([, recency], i): Transformed => {
          const fields = ["user_id", "2", ...(recency === null ? [] : [rule.name, recency])];
          return {
            kind: "write",
            session: { id: id(String(i)), fields, expiresAt: EXPIRY, recency },
          };
        });
        const expected = cases.map(([found, source]) => {
          const present = found === rule.absent ? null : found;
          return resultOf(compareTexts(present, source, rule.form));
        });
        const layout = { type, keys: keysUnder(keys), recency: rule } as const;
        expect(await target.load(batchOf(batch), { conflict: "newer", layout })).toEqual(expected);
      }),
      { numRuns: 150, seed },
    );
  });
});

function resultOf(order: ReturnType<typeof compareTexts>): LoadResult {
  // The values differ in all of these cases.
  if (order === "newer" || order === "tied") return "kept";
  return order === "incomparable" ? "incomparable" : "migrated";
}
