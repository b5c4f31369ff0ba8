import { expect, test } from "vitest";
import { printable } from "../src/index.js";

test("what is printable ends no line, steers no terminal and turns no text around", () => {
  expect(printable("a\nb\u2028\u009b31m\u202ec\u0000")).toBe(
    "a\\u{a}b\\u{2028}\\u{9b}31m\\u{202e}c\\u{0}",
  );
  expect(printable("Größe 大きさ 👍 (x)")).toBe("Größe 大きさ 👍 (x)");
});
