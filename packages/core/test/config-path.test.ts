import { expect, test } from "vitest";
import { configPath } from "../src/index.js";

test("of a preset the config holds only the options, of a description every path", () => {
  const at = (name: string) =>
    ["sessions.table", "zone", "sessions.id", "lookups[0].table"].map((path) =>
      configPath({ name }, path),
    );
  expect(at("custom")).toEqual([
    "store.sessions.table",
    "store.zone",
    "store.sessions.id",
    "store.lookups[0].table",
  ]);
  expect(at("scs")).toEqual(["store.table", "store.zone", "store", "store"]);
});
