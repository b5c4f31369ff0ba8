import { expect, test } from "vitest";
import { tlsServerName } from "../src/index.js";

test.each([
  ["rediss://sessions.example:6380/1", { servername: "sessions.example" }],
  ["rediss://192.0.2.7", {}],
  ["rediss://[2001:db8::7]:6380", {}],
])("TLS is told the host's name, where it is one: %s", (text, expected) => {
  expect(tlsServerName(new URL(text))).toEqual(expected);
});
