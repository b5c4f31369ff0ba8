import fc from "fast-check";
import type { Mapping } from "../src/index.js";
import { NOTHING, sessionId } from "./example-session.js";
import { INFINITE_FUTURE, INFINITE_PAST } from "./source-row.js";
import type { SourceSession } from "./source-session.js";

const CORE_NAMES = [
  "user_id",
  "username",
  "email",
  "ip_address",
  "user_agent",
  "session_created_at",
  "last_activity_at",
  "theme",
  "language",
  "notifications_enabled",
];
const OPTIONAL_NAMES = ["expires_at", "session_specific_attributes"];
/** Few enough that renames make some of them meet. */
const TRICKY_NAMES = [
  "",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "\u0000",
  "\u0001\u001f\n",
  "\u007f",
  '"\\',
  "\u2028",
  "1",
  "0",
  "é",
  "e\u0301",
  "cart_json",
  "cart_items",
];

/** Any sequence of code points a database can hold, as source and target both speak UTF-8. */
const text = fc.string({ unit: "binary", maxLength: 12 });
const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 4 });

const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...TRICKY_NAMES) },
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom(...CORE_NAMES) },
  { weight: 2, arbitrary: fc.constantFrom(...OPTIONAL_NAMES) },
);

const SECOND = 1_000_000n;
/** PostgreSQL's own bounds: Julian day 0 (the year -4712, counted with a year 0) to the end of 294276. */
const FIRST_TIME = -210_866_803_200n * SECOND;
const LAST_TIME = 9_224_318_016_000n * SECOND - 1n;
/** The first microsecond of the year 1 and of the year 10000. */
const EDGES = [-62_135_596_800n * SECOND, 253_402_300_800n * SECOND, 0n];

export const finiteTime = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.bigInt({ min: -62_135_596_800n * SECOND, max: 253_402_300_800n * SECOND - 1n }),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: FIRST_TIME, max: LAST_TIME }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...EDGES), fc.bigInt({ min: -1_500_000n, max: 1_500_000n }))
      .map(([edge, offset]) => edge + offset),
  },
);
const time = fc.oneof(
  { weight: 20, arbitrary: finiteTime },
  { weight: 1, arbitrary: fc.constantFrom(INFINITE_PAST, INFINITE_FUTURE) },
);

/** The source holds a key once per session, unless it lacks the constraint. */
const attribute = fc.tuple(name, nullable(text));
const attributes = fc
  .oneof(
    { weight: 9, arbitrary: fc.uniqueArray(attribute, { selector: ([key]) => key, maxLength: 8 }) },
    { weight: 1, arbitrary: fc.array(attribute, { maxLength: 8 }) },
  )
  .map((entries) => entries.flat());

const MAX_BYTES = 1_000;
const bytes = fc.oneof(
  { weight: 12, arbitrary: fc.nat(MAX_BYTES) },
  { weight: 1, arbitrary: fc.constantFrom(MAX_BYTES + 1, Number.POSITIVE_INFINITY) },
);

/** What a driver or a parser makes, not objects without a prototype. */
const PLAIN = { noNullPrototype: true } as const;

const fullSession: fc.Arbitrary<SourceSession> = fc.record(
  {
    id: text.map(sessionId),
    userId: nullable(text),
    username: nullable(text),
    email: nullable(text),
    ipAddress: nullable(text),
    userAgent: nullable(text),
    createdAt: nullable(time),
    lastActivityAt: nullable(time),
    expiresAt: time,
    theme: nullable(text),
    language: nullable(text),
    notificationsEnabled: nullable(fc.boolean()),
    attributes,
    bytes,
  },
  PLAIN,
);

/** All of it null that may be. */
const bareSession = fullSession.map((session): SourceSession => ({
  ...session,
  ...NOTHING,
  attributes: session.attributes.map((text, i) => (i % 2 === 0 ? text : null)),
}));

export const anySession: fc.Arbitrary<SourceSession> = fc.oneof(
  { weight: 12, arbitrary: fullSession },
  { weight: 1, arbitrary: bareSession },
);

/** `fromEntries` makes even `__proto__` a property of the object's own. */
const renames = fc
  .array(fc.tuple(fc.oneof(name, fc.constantFrom(...CORE_NAMES)), name), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries));

export const anyMapping: fc.Arbitrary<Mapping> = fc
  .record(
    {
      timestamps: fc.constantFrom("iso", "epoch-seconds", "epoch-milliseconds"),
      booleans: fc.constantFrom("true/false", "1/0"),
      nulls: fc.oneof(fc.constantFrom("omit", "empty"), fc.record({ placeholder: text }, PLAIN)),
      attributes: fc.constantFrom("fields", "json"),
      renames: fc.oneof(fc.constant({}), renames),
      keyPrefix: fc.constant("session:"),
      includeExpiresAt: fc.boolean(),
      maxSessionBytes: fc.constant(MAX_BYTES),
    } as const,
    PLAIN,
  )
  .filter(namesEveryCoreFieldApart);

/** A mapping that does not is refused before any session is read. */
function namesEveryCoreFieldApart(mapping: Mapping): boolean {
  const renamed = new Map(Object.entries(mapping.renames));
  const names = [...CORE_NAMES, ...OPTIONAL_NAMES].map((field) => renamed.get(field) ?? field);
  return new Set(names).size === names.length;
}

/** Before every time a database can hold but -infinity: by it, nothing else has expired. */
const EARLIEST_CLOCK = -3e14;
/** The last a JavaScript date can tell. */
const LATEST_CLOCK = 8.64e15;

/** A session, and a clock in Unix milliseconds that is often within a few of its expiry. */
export const anySessionAndClock: fc.Arbitrary<{ session: SourceSession; now: number }> = fc
  .tuple(
    anySession,
    fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }).map((offset) => ({ offset })) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 4e12 }).map((at) => ({ at })) },
      { weight: 6, arbitrary: fc.constant({ at: EARLIEST_CLOCK }) },
    ),
  )
  .map(([session, clock]) => ({
    session,
    now: "at" in clock ? clock.at : realClock(Number(session.expiresAt / 1000n) + clock.offset),
  }));

function realClock(milliseconds: number): number {
  return Math.min(Math.max(milliseconds, EARLIEST_CLOCK), LATEST_CLOCK);
}
