import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { type Reply, ReplyParser } from "../src/reply-parser.js";

const seed = inject("seed");

const line = fc
  .string({ unit: "binary", maxLength: 20 })
  .map((text) => text.replaceAll("\r", "").replaceAll("\n", ""));
const replies = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Reply>("OK") },
    {
      weight: 2,
      arbitrary: fc.constant<Reply>({ error: "BUSYKEY Target key name already exists." }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Reply>(null, "", "O", "OKAY", "OK ", 0, 1, -1, 2 ** 40),
    },
    { weight: 1, arbitrary: line },
    { weight: 1, arbitrary: line.map((error): Reply => ({ error })) },
  ),
  { minLength: 1, maxLength: 12 },
);

function encode(reply: Reply): Buffer {
  if (reply === null) return Buffer.from("$-1\r\n");
  if (typeof reply === "number") return Buffer.from(`:${reply}\r\n`);
  return Buffer.from(typeof reply === "string" ? `+${reply}\r\n` : `-${reply.error}\r\n`);
}

test("replies are the same however they are cut in two", () => {
  fc.assert(
    fc.property(replies, (wanted) => {
      const bytes = Buffer.concat(wanted.map(encode));
      for (let at = 0; at <= bytes.length; at += 1) {
        const parser = new ReplyParser();
        const found = [bytes.subarray(0, at), bytes.subarray(at)].flatMap((one) => parser.add(one));
        expect(found).toEqual(wanted);
      }
    }),
    { seed },
  );
});

test("replies that come byte by byte are told as soon as they are whole, and not before", () => {
  fc.assert(
    fc.property(replies, (wanted) => {
      const parser = new ReplyParser();
      for (const reply of wanted) {
        const bytes = encode(reply);
        for (let at = 0; at < bytes.length - 1; at += 1)
          expect(parser.add(bytes.subarray(at, at + 1))).toEqual([]);
        expect(parser.add(bytes.subarray(-1))).toEqual([reply]);
      }
    }),
    { seed },
  );
});

test.each([
  "$5\r\nhello\r\n",
  "$0\r\n\r\n",
  "$-2\r\n",
  "$\r\n",
  "*-1\r\n",
  "*1\r\n:1\r\n",
  "HTTP/1.1 400 Bad Request\r\n",
  "\r\n",
])("what is no reply of one line is refused: %j", (text) => {
  expect(() => new ReplyParser().add(Buffer.from(text))).toThrow("Protocol error");
});
