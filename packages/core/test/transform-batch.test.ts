import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  makeTransform,
  type Mapping,
  REJECT_CODES,
  type SessionId,
  SourceBatch,
  type Text,
  type Transformed,
  TransformedBatch,
} from "../src/index.js";
import { anyMapping, anySession, anySessionAndClock } from "./arbitrary-session.js";
import { NOW } from "./example-mapping.js";
import { exampleSession, mappingWith, sessionId } from "./example-session.js";
import { seed } from "./seed.js";
import { referenceStore } from "./resolved-store.js";
import { batchOf, type SourceSession, transformOne } from "./source-session.js";

/** As the batch makes them, not objects without a prototype. */
const PLAIN = { noNullPrototype: true } as const;

/** A smaller case than the one that failed is looked for, but not for ever: these are large. */
const QUICKLY = { interruptAfterTimeLimit: 30_000 } as const;

function makeReferenceTransform(mapping: Mapping) {
  return makeTransform({ store: referenceStore, mapping, startedAt: NOW });
}

function idOf(one: Transformed): SessionId {
  switch (one.kind) {
    case "write":
      return one.session.id;
    case "expired":
      return one.id;
    case "rejected":
      return one.reject.id;
  }
}

/** Bytes of all texts; the recency of a session that was transformed is one of its fields. */
function sizeOf(one: Exclude<Transformed, { kind: "rejected" }>, isRecencyField: boolean): number {
  const session = one.kind === "write" ? one.session : { ...one, fields: [] };
  const isCounted = one.kind === "expired" || !isRecencyField;
  const texts = [session.id, (isCounted ? session.recency : null) ?? "", ...session.fields];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** Whether a batch holds just these, whichever way it is asked. */
function expectHeld(
  batch: TransformedBatch,
  wanted: readonly Transformed[],
  isRecencyField = true,
): void {
  expect(batch.count).toBe(wanted.length);
  for (const [i, one] of wanted.entries()) {
    const place = `session ${i}`;
    expect(batch.at(i), place).toStrictEqual(one);
    expect(batch.id(i) === idOf(one), place).toBe(true);
    expect(batch.kind(i), place).toBe(one.kind);
    if (one.kind !== "rejected") expect(batch.size(i), place).toBe(sizeOf(one, isRecencyField));
  }
}

/** On both sides of what is copied another way, of what is remembered of a key, and of the first buffer. */
const longText = fc
  .tuple(
    fc.constantFrom(63, 64, 65, 66, 254, 255, 256, 65_535, 65_536, 70_000),
    fc.constantFrom("x", "é", "漢", "\u0000"),
  )
  .map(([length, filling]) => filling.repeat(length));

type Change = (session: SourceSession) => SourceSession;

const longer: fc.Arbitrary<Change> = fc
  .tuple(fc.constantFrom("id", "username", "key", "key of null", "value"), longText)
  .map(([place, text]) => (session) => {
    switch (place) {
      case "id":
        return { ...session, id: sessionId(text) };
      case "username":
        return { ...session, username: text };
      case "key":
        return withAttributes(session, [[text, "1"]]);
      case "key of null":
        return withAttributes(session, [[text, null]]);
      case "value":
        return withAttributes(session, [["cart_json", text]]);
    }
  });

/** A few such sessions have more keys than are remembered. */
const manyAttributes: fc.Arbitrary<Change> = fc
  .tuple(fc.nat(3_000), fc.constantFrom(300, 500))
  .map(([first, count]) => (session) => {
    const pairs = Array.from({ length: count }, (_, i): [string, string | null] => [
      `key ${first + i}`,
      i % 9 === 0 ? null : String(i),
    ]);
    return withAttributes(session, pairs);
  });

/** The source holds a key once per session. */
function withAttributes(
  session: SourceSession,
  more: readonly (readonly [string, string | null])[],
): SourceSession {
  const all = new Map(more);
  for (let i = 0; i < session.attributes.length; i += 2)
    all.set(session.attributes[i] as string, session.attributes[i + 1] ?? null);
  return { ...session, attributes: [...all].flat() };
}

function changed(change: fc.Arbitrary<Change>): fc.Arbitrary<SourceSession> {
  return fc.tuple(anySession, change).map(([session, make]) => make(session));
}

const batches = fc.array(
  fc.record({
    now: anySessionAndClock.map(({ now }) => now),
    sessions: fc.array(
      fc.oneof(
        { weight: 20, arbitrary: anySession },
        { weight: 2, arbitrary: changed(longer) },
        { weight: 1, arbitrary: changed(manyAttributes) },
      ),
      { maxLength: 150, size: "max" },
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

describe("sessions of one batch", () => {
  test("become what each of them becomes alone, in a batch that is filled again and again", () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(batches, anyMapping, (filled, mapping) => {
        const transform = makeReferenceTransform(mapping);
        const [source, into] = [new SourceBatch(referenceStore.columns), new TransformedBatch()];
        for (const { sessions, now } of filled) {
          source.clear();
          const batch = batchOf(sessions, source);
          const before = Buffer.from(batch.bytes);
          transform(batch, now, into);
          const alone = sessions.map((session) => transformOne(mapping)(session, now));
          expectHeld(into, alone);
          expect(batch.bytes.equals(before)).toBe(true);
          for (const one of alone)
            reached.add(one.kind === "rejected" ? one.reject.code : one.kind);
        }
      }),
      { seed, numRuns: 60, ...QUICKLY },
    );
    const inReach = REJECT_CODES.filter((code) => code !== "wrong-type");
    expect([...reached].toSorted()).toStrictEqual(["expired", "write", ...inReach].toSorted());
  });

  test("are not mixed with those before them, however many or long these were", () => {
    const mapping = mappingWith();
    const into = new TransformedBatch();
    const transform = makeReferenceTransform(mapping);
    const ids = (count: number) => Array.from({ length: count }, (_, i) => sessionId(`${i}`));
    const long = "x".repeat(40_000_000);
    const all = [
      ids(1_000).map((id) => exampleSession({ id })),
      [exampleSession({ username: long, attributes: ["cart_json", long] }), exampleSession()],
      [],
      [exampleSession({ username: null, attributes: [], lastActivityAt: null })],
      ids(3).map((id) => exampleSession({ id, attributes: ["a", "1", "user_id", "2"] })),
      ids(3).map((id) => exampleSession({ id })),
    ];
    for (const sessions of all) {
      transform(batchOf(sessions), NOW, into);
      expectHeld(
        into,
        sessions.map((session) => transformOne(mapping)(session, NOW)),
      );
    }
  });
});

describe("an attribute", () => {
  const COUNT = 6_000;
  const renames = { "key 7": "seven", "key 2900": "late", "key 2950": "theme" };
  const transform = makeReferenceTransform(mappingWith({ renames }));
  const into = new TransformedBatch();

  /** The names of all attributes, 100 to a session. */
  function namesOf(keys: readonly string[]): Text[] {
    const sessions: SourceSession[] = [];
    for (let i = 0; i < keys.length; i += 100) {
      const attributes = keys.slice(i, i + 100).flatMap((key) => [key, `of ${key}`]);
      sessions.push(exampleSession({ attributes }));
    }
    transform(batchOf(sessions), NOW, into);
    const core = exampleSession({ attributes: [] });
    const skipped = fieldsOf(transformOne(mappingWith())(core, NOW)).length;
    return sessions.flatMap((_, i) =>
      fieldsOf(into.at(i))
        .slice(skipped)
        .filter((_text, at) => at % 2 === 0),
    );
  }

  function fieldsOf(one: Transformed): readonly Text[] {
    if (one.kind !== "write") throw new Error(`expected a session to write, not ${one.kind}`);
    return one.session.fields;
  }

  test("has its own name, whatever others came before it", () => {
    const keys = Array.from({ length: COUNT }, (_, i) => `key ${i}`).filter(
      (key) => key !== "key 2950",
    );
    const wanted = new Map([...keys.map((key) => [key, key] as const), ...Object.entries(renames)]);
    for (const order of [keys, keys, keys.toReversed()])
      expect(namesOf(order)).toStrictEqual(order.map((key) => wanted.get(key)));
  });

  test("that collides does so whatever others came before it", () => {
    const one = exampleSession({ attributes: ["key 2950", "1"] });
    for (let time = 0; time < 2; time += 1) {
      transform(batchOf([one]), NOW, into);
      expect(into.at(0)).toMatchObject({ kind: "rejected", reject: { code: "field-collision" } });
    }
  });
});

describe("transformed sessions", () => {
  const text = fc.oneof(
    { weight: 20, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
    { weight: 1, arbitrary: longText },
  );
  const id = text.map(sessionId);
  const recency = fc.option(text);
  const expiresAt = fc.maxSafeInteger();
  const write = fc
    .record(
      {
        id,
        fields: fc.array(fc.tuple(text, text), { maxLength: 20 }).map((pairs) => pairs.flat()),
        expiresAt,
        recency,
      },
      PLAIN,
    )
    .map((session): Transformed => ({ kind: "write", session }));
  const expired = fc
    .record({ id, expiresAt, recency }, PLAIN)
    .map((session): Transformed => ({ kind: "expired", ...session }));
  const rejected = fc
    .record({ id, code: fc.constantFrom(...REJECT_CODES), message: text }, PLAIN)
    .map((reject): Transformed => ({ kind: "rejected", reject }));

  test("made into a batch are what the batch gives back", () => {
    const many = fc.array(fc.oneof({ weight: 3, arbitrary: write }, expired, rejected), {
      maxLength: 200,
      size: "max",
    });
    fc.assert(
      fc.property(many, (sessions) => expectHeld(TransformedBatch.of(sessions), sessions, false)),
      { seed, numRuns: 200, ...QUICKLY },
    );
  });
});
