import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Codec, makeConvert } from "../src/codec.js";
import { seed } from "./seed.js";

/** As hex; null where it cannot be decoded. */
function converted(codecs: readonly Codec[], value: string | Buffer): string | null {
  const convert = makeConvert(codecs);
  if (convert === null) throw new Error("there is nothing to do");
  return convert(Buffer.from(value))?.toString("hex") ?? null;
}

const hex = (text: string) => Buffer.from(text, "latin1").toString("hex");
const anyBytes = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));

describe("text and bytes", () => {
  test("are taken as they are, without a step", () => {
    for (const codecs of [[], ["text"], ["bytes"], ["text", "bytes"]] as const)
      expect(makeConvert(codecs)).toBeNull();
  });
});

describe.each([
  ["base64", "YWJj", ["YWJ", "YW Jj", "YWJj\n", "YWJ_", "YW=j", "=YWJ", "====", "é"]],
  ["hex", "616263", ["6", "61626", "61 62", "0x61", "6g", "é"]],
] as const)("%s", (codec, abc, damaged) => {
  test("gives the bytes that were encoded", () => {
    expect(converted([codec], abc)).toBe(hex("abc"));
    expect(converted([codec], "")).toBe("");
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(converted([codec], bytes.toString(codec))).toBe(bytes.toString("hex"));
      }),
      { seed },
    );
  });

  test.each(damaged)("does not decode what is damaged: %j", (text) => {
    expect(converted([codec], text)).toBeNull();
  });
});

test("hex is read in either case", () => {
  expect(converted(["hex"], "aBfF")).toBe("abff");
});

describe("php-string", () => {
  test("is what serialize() writes", () => {
    expect(converted(["php-string"], "a:0:{}")).toBe(hex('s:6:"a:0:{}";'));
    expect(converted(["php-string"], "")).toBe(hex('s:0:"";'));
  });

  test("counts bytes, and escapes none", () => {
    expect(converted(["php-string"], 'é";')).toBe(hex('s:4:"\u00c3\u00a9";";'));
    expect(converted(["php-string"], Buffer.of(0, 0xff))).toBe(hex('s:2:"\u0000\u00ff";'));
  });

  test("follows base64, as Laravel has it", () => {
    expect(converted(["base64", "php-string"], "YTowOnt9")).toBe(hex('s:6:"a:0:{}";'));
    expect(converted(["base64", "php-string"], "YTowOnt")).toBeNull();
  });
});

/** As recorded from Java: FACTS.md of Spring Session. */
const LONG =
  "aced00057372000e6a6176612e6c616e672e4c6f6e673b8be490cc8f23df0200014a000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b0200007870";
const INTEGER =
  "aced0005737200116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b0200007870";

describe("java-long and java-integer", () => {
  test.each([
    ["java-long", "1795757121976", `${LONG}000001a21b7721b8`],
    ["java-long", "0", `${LONG}0000000000000000`],
    ["java-long", "-1", `${LONG}ffffffffffffffff`],
    ["java-long", "9223372036854775807", `${LONG}7fffffffffffffff`],
    ["java-long", "-9223372036854775808", `${LONG}8000000000000000`],
    ["java-integer", "1892160000", `${INTEGER}70c81200`],
    ["java-integer", "-1", `${INTEGER}ffffffff`],
    ["java-integer", "2147483647", `${INTEGER}7fffffff`],
    ["java-integer", "-2147483648", `${INTEGER}80000000`],
  ] as const)("are the serialized objects that Java writes: %s %s", (codec, text, written) => {
    expect(converted([codec], text)).toBe(written);
  });

  test.each([
    ["java-long", "9223372036854775808"],
    ["java-long", "-9223372036854775809"],
    ["java-long", "99999999999999999999"],
    ["java-integer", "2147483648"],
    ["java-integer", "-2147483649"],
    ...(["java-long", "java-integer"] as const).flatMap((codec) =>
      ["", "-", "+1", "1.0", "1e3", " 1", "1\n", "NaN", "é"].map((text) => [codec, text] as const),
    ),
  ] as const)("do not hold %s %j", (codec, text) => {
    expect(converted([codec], text)).toBeNull();
  });

  test("hold every number of their size", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const written = Buffer.from(converted(["java-long"], String(value)) ?? "", "hex");
        expect(written.readBigInt64BE(written.length - 8)).toBe(value);
      }),
      { seed },
    );
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const written = Buffer.from(converted(["java-integer"], String(value)) ?? "", "hex");
        expect(written.readInt32BE(written.length - 4)).toBe(value);
      }),
      { seed },
    );
  });
});
