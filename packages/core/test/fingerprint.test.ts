import { expect, test } from "vitest";
import { fingerprint, newFingerprintKey } from "../src/index.js";
import { sessionId } from "./example-session.js";

const ID = sessionId("what do ya want for nothing?");

test("a fingerprint is the first 12 hex digits of HMAC-SHA-256, as RFC 4231's second test vector has it", () => {
  expect(fingerprint("Jefe", ID)).toBe("5bdcc146bf60");
});

test("a session has one fingerprint within a run, and another in every other run", () => {
  const [key, other] = [newFingerprintKey(), newFingerprintKey()];
  expect(fingerprint(key, ID)).toBe(fingerprint(key, ID));
  expect(fingerprint(key, ID)).not.toBe(fingerprint(other, ID));
});

test("ids that differ in their last character, in case or beyond ASCII have different fingerprints", () => {
  const ids = ["session", "sessioo", "Session", "sessión", "session\u0000", ""].map(sessionId);
  expect(new Set(ids.map((id) => fingerprint("Jefe", id))).size).toBe(ids.length);
});

test("a fingerprint is 12 hex digits however long the id", () => {
  for (const id of ["", "a", "é".repeat(255)])
    expect(fingerprint("Jefe", sessionId(id))).toMatch(/^[0-9a-f]{12}$/);
});

test("a key is 32 bytes that nobody can guess", () => {
  const keys = Array.from({ length: 10 }, newFingerprintKey);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(keys).size).toBe(keys.length);
});
