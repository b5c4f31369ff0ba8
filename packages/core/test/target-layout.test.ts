import { describe, expect, test } from "vitest";
import { type Mapping, type StoreDescription, targetLayoutOf } from "../src/index.js";
import { mappingOf } from "./example-mapping.js";
import { type Kinds, referenceStore, resolveDescription } from "./resolved-store.js";

function layout(description: StoreDescription, kinds: Kinds = {}, options: Partial<Mapping> = {}) {
  const store = resolveDescription(description, kinds);
  return targetLayoutOf({ store, mapping: mappingOf(store, options) });
}

const sessions = { table: "t", id: "id", expires: "until", fields: { last: "seen" } };
const withRecency = { sessions: { ...sessions, recency: "seen" } };

function reference(options: Partial<Mapping>) {
  return targetLayoutOf({ store: referenceStore, mapping: mappingOf(referenceStore, options) });
}

describe("the layout of a run's sessions in the target", () => {
  test("is the reference store's: hashes, compared by their last activity", () => {
    expect(reference({})).toStrictEqual({
      keys: { prefix: "session:", idHoldsPrefix: false, idKind: "text" },
      type: "hash",
      recency: { by: "field", name: "last_activity_at", form: "iso", absent: null },
    });
  });

  test("follows the mapping's prefix, renames, nulls and form of times", () => {
    expect(
      reference({
        keyPrefix: "p:",
        renames: { last_activity_at: "seen" },
        nulls: { placeholder: "-" },
        timestamps: "epoch-milliseconds",
      }),
    ).toMatchObject({
      keys: { prefix: "p:" },
      recency: { name: "seen", form: "rounded-number", absent: "-" },
    });
  });

  test("compares numbers where the field holds one, whatever the form of times", () => {
    expect(layout(withRecency, { seen: "number" }).recency).toMatchObject({ form: "number" });
    expect(layout(withRecency, { seen: "time" }).recency).toMatchObject({ form: "iso" });
    const seconds = { timestamps: "epoch-seconds" } as const;
    expect(layout(withRecency, { seen: "number" }, seconds).recency).toMatchObject({
      form: "number",
    });
  });

  test("compares expiries where the store names no recency", () => {
    expect(layout({ sessions })).toMatchObject({ type: "hash", recency: { by: "expiry" } });
  });

  test.each(["json", { string: "v" }] as const)("is a string for %j", (value) => {
    const fields = value === "json" ? sessions.fields : {};
    expect(layout({ sessions: { ...sessions, fields }, value })).toMatchObject({
      type: "string",
      recency: { by: "expiry" },
    });
  });

  test("says what keys are made of", () => {
    const { keys } = layout(
      { sessions: { ...sessions, idHoldsPrefix: true }, keyPrefix: "s:" },
      { id: "bytes" },
    );
    expect(keys).toStrictEqual({ prefix: "s:", idHoldsPrefix: true, idKind: "bytes" });
  });
});
