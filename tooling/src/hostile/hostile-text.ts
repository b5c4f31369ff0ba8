import type { Random } from "../e2e/random.js";

/** What some layer between PostgreSQL and Redis could take for something else. */
const FRAGMENTS = [
  "*3\r\n$3\r\nSET\r\n$1\r\na\r\n",
  "$-1\r\n",
  "+OK\r\n",
  "-ERR\r\n",
  "\r\n",
  "\n",
  "\\.",
  "\\N",
  "\t",
  "'; DROP TABLE users; --",
  '"',
  "`",
  "\\",
  "\\x00",
  "E'\\''",
  "$$",
  "$1",
  "%s%n",
  "${process.exit(1)}",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "../../etc/passwd",
  "\u0001",
  "\u001b[2J",
  "\u007f",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\u202e",
  "e\u0301",
  "\u00e9",
  "🧳",
  "\u{10ffff}",
  "{}",
  "[]",
  "{rehome}",
  "session:",
  "*?[a-z]",
  " ",
] as const;

/** Whole texts with a meaning of their own: to JavaScript, to Lua, to Redis' encodings. */
const WHOLE = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "then",
  "null",
  "undefined",
  "true",
  "NaN",
  "nil",
  "0",
  "-0",
  "+1",
  "01",
  "1.0",
  "1e3",
  "127",
  "128",
  "-1",
  "-4096",
  "-4097",
  "4095",
  "8191",
  "32767",
  "-32769",
  "8388608",
  "2147483647",
  "-2147483649",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "18446744073709551616",
  " 1",
] as const;

/** Bytes at which an encoding of lengths changes. */
const LENGTHS = [62, 63, 64, 65, 127, 128, 253, 254, 255, 4_094, 4_095, 4_096, 16_383, 16_384];

/** Of at most `maxBytes` bytes. PostgreSQL's text holds every character but U+0000. */
export function hostileText(random: Random, maxBytes: number): string {
  const dice = random.next();
  if (dice < 0.35) return cut(random.pick(WHOLE), maxBytes);
  if (dice < 0.5) {
    const length = Math.min(random.pick(LENGTHS), maxBytes);
    return cut(random.pick(FRAGMENTS).repeat(length), length);
  }
  const pieces = Array.from({ length: random.between(1, 5) }, () =>
    random.chance(0.8) ? random.pick(FRAGMENTS) : random.pick(WHOLE),
  );
  return cut(pieces.join(random.chance(0.2) ? "x" : ""), maxBytes);
}

/** As many whole characters as fit. */
function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
