import fc from "fast-check";

/** Fields of a session: names are unique, in order. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A listpack up to which we encode one, as the README promises it. */
const MAX_LISTPACK_BYTES = 8_192;

/** On both sides of every width an integer can have in a listpack, and of what no longer is one. */
const INTEGER_EDGES = [7, 12, 13, 15, 16, 23, 24, 31, 32, 53, 63, 64]
  .flatMap((bits) => [2n ** BigInt(bits), 2n ** BigInt(bits - 1)])
  .flatMap((edge) => [edge - 1n, edge, edge + 1n])
  .flatMap((edge) => [edge, -edge])
  .map(String);

const LOOK_ALIKES = [
  "007",
  "00",
  "-0",
  "-",
  "--1",
  "-01",
  "+1",
  "+",
  " 1",
  "1 ",
  "1\n",
  "\u00001",
  "1\u0000",
  "1.0",
  "1.",
  ".1",
  "1e3",
  "0x10",
  "1_000",
  "１２",
  "٣",
  "NaN",
  "Infinity",
  "1n",
  "-1-",
  "12a",
  "9223372036854775808",
  "-9223372036854775809",
  "18446744073709551616",
  "99999999999999999999",
  "100000000000000000000",
  "-99999999999999999999",
  "999999999999999",
  "9999999999999999",
];

/** At both sides of every form a string's length has, in a listpack, read backwards, or in a dump. */
const LENGTH_EDGES = [
  0, 1, 10, 11, 12, 13, 61, 62, 63, 64, 65, 66, 123, 124, 125, 126, 127, 128, 129, 255, 256, 4_091,
  4_093, 4_094, 4_095, 4_096, 4_097,
];
const LARGE = [8_160, 8_191, 8_192, 8_193, 16_381, 16_383, 16_384, 16_385, 65_535, 65_536];
const FILLINGS = ["x", "7", "é", "漢", "🦊", "\u0000", "\r\n", "ab\u00ff"];

const integers = fc.oneof(
  fc.constantFrom(...INTEGER_EDGES),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: -5_000, max: 5_000 }).map(String),
);

/** So many bytes, or as few more as the filling needs. */
function filled(length: number, filling: string): string {
  return filling.repeat(Math.ceil(length / Buffer.byteLength(filling)));
}
const ofLength = (...lengths: number[]) =>
  fc.tuple(fc.constantFrom(...lengths), fc.constantFrom(...FILLINGS)).map(([a, b]) => filled(a, b));

const short = fc.oneof(
  { weight: 4, arbitrary: integers },
  { weight: 2, arbitrary: fc.constantFrom(...LOOK_ALIKES) },
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 4, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom("", "\u0000", "\u0001\u001f\u007f", "\ufeff", "\uffff") },
);
const values = fc.oneof(
  { weight: 1_500, arbitrary: short },
  { weight: 150, arbitrary: ofLength(...LENGTH_EDGES) },
  { weight: 10, arbitrary: ofLength(...LARGE) },
  { weight: 1, arbitrary: ofLength(1_000_000, 1_048_576) },
);
const names = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("user_id", "cart", "last_activity_at", "__proto__", "") },
  { weight: 8, arbitrary: short },
  { weight: 1, arbitrary: ofLength(...LENGTH_EDGES) },
);

/** Any names and values, few. */
const few = fc.array(fc.tuple(names, values), { minLength: 1, maxLength: 12 });

/** At and around the numbers of fields where a listpack ends. */
const many = fc
  .tuple(fc.constantFrom(63, 64, 127, 128, 129, 300, 511, 512, 513, 700), short, integers)
  .map(([count, value, integer]) =>
    Array.from({ length: count }, (_, i): [string, string] => [
      i % 2 === 0 ? `f${i}` : String(i),
      i % 3 === 0 ? integer : i % 50 === 1 ? value : String(i * 7),
    ]),
  );

/** At and around the length where a listpack ends. */
const brim = fc
  .tuple(fc.integer({ min: -20, max: 12 }), fc.constantFrom(...FILLINGS), short)
  .map(([more, filling, value]): [string, string][] => {
    const rest = ["first", value] as const;
    // Header and length read backwards take 7 bytes, the name 3.
    const length = MAX_LISTPACK_BYTES - listpackBytes([rest]) - 10 + more;
    return [[...rest], ["a", filled(Math.max(length, 0), filling)]];
  });

/** Of every shape a session can have. */
export const sessions: fc.Arbitrary<Fields> = fc
  .oneof(
    { weight: 90, arbitrary: few },
    { weight: 4, arbitrary: many },
    { weight: 6, arbitrary: brim },
  )
  .map((fields) => [...new Map(fields)]);

/** Such as HSET too makes a listpack of. */
export const smallSessions: fc.Arbitrary<Fields> = fc
  .array(fc.tuple(short, fc.oneof(short, ofLength(...LENGTH_EDGES.filter((n) => n <= 61)))), {
    minLength: 1,
    maxLength: 40,
  })
  .map((fields) => [...new Map(fields)])
  .filter((fields) => fields.flat().every((text) => Buffer.byteLength(text) <= 64));

/** The rule of the README, written once more: what the server is to hold these fields as. */
export function expectedEncoding(fields: Fields, maxEntries: number): "listpack" | "hashtable" {
  if (fields.length > maxEntries) return "hashtable";
  if (listpackBytes(fields) <= MAX_LISTPACK_BYTES) return "listpack";
  // Sent as a plain hash: of that the server makes by itself what HSET would.
  return fields.flat().every((text) => Buffer.byteLength(text) <= 64) ? "listpack" : "hashtable";
}

export function isInteger(text: string): boolean {
  return /^(?:0|-?[1-9][0-9]*)$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** How long the listpack of these fields is, by the table of Redis's listpack.c. */
export function listpackBytes(fields: Fields): number {
  return fields.flat().reduce((sum, text) => sum + entryBytes(text), 6 + 1);
}

function entryBytes(text: string): number {
  const bytes = isInteger(text) ? integerBytes(BigInt(text)) : stringBytes(Buffer.byteLength(text));
  return bytes + (bytes <= 127 ? 1 : bytes < 16_383 ? 2 : bytes < 2_097_151 ? 3 : 4);
}

function stringBytes(length: number): number {
  return length + (length < 64 ? 1 : length < 4_096 ? 2 : 5);
}

function integerBytes(value: bigint): number {
  if (value >= 0n && value <= 127n) return 1;
  for (const [bits, bytes] of [
    [13, 2],
    [16, 3],
    [24, 4],
    [32, 5],
  ] as const)
    if (BigInt.asIntN(bits, value) === value) return bytes;
  return 9;
}
