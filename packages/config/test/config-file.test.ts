import { defaultStore, mappingSchema } from "@rehome/core";
import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  defaultConfig,
  defaultMapping,
  noConfig,
  parseConfig,
  readSetting,
  type RehomeConfig,
  SECTIONS,
  SETTINGS,
  settingsOf,
} from "../src/index.js";
import { refusal } from "./refusal.js";
import { seed } from "./seed.js";

function mistakes(content: unknown): string {
  return refusal(() => parseConfig("rehome.config.ts", content)).message;
}

describe("a config file may hold", () => {
  test("nothing", () => {
    expect(parseConfig("rehome.config.ts", {})).toStrictEqual({
      ...noConfig,
      file: "rehome.config.ts",
    });
  });

  test("every option with its default", () => {
    const copy: unknown = structuredClone(defaultConfig);
    expect(parseConfig("f", copy)).toStrictEqual({
      file: "f",
      given: defaultConfig,
      store: defaultStore,
      mapping: defaultMapping,
      users: [],
    });
    expect(Object.keys(defaultConfig)).toEqual(["store", "mapping", "users", ...SECTIONS]);
    // The key prefix is the store's.
    expect([...Object.keys(defaultConfig.mapping), "keyPrefix"].toSorted()).toEqual(
      Object.keys(mappingSchema.shape).toSorted(),
    );
  });

  test("any part of a mapping, whose rest is the default", () => {
    const given = { timestamps: "epoch-seconds", renames: { cart_json: "cart_items" } } as const;
    expect(parseConfig("f", { mapping: given })).toStrictEqual({
      file: "f",
      given: { mapping: given },
      store: defaultStore,
      mapping: { ...defaultMapping, ...given },
      users: [],
    });
  });

  test("null where none is the default, and nowhere else", () => {
    for (const section of SECTIONS) {
      for (const [key, setting] of settingsOf(section)) {
        const parse = () => parseConfig("f", { [section]: { [key]: null } });
        if (setting.default === null) expect(parse).not.toThrow();
        else expect(parse).toThrow(`f: ${section}.${key}: must be `);
      }
    }
  });
});

test("an operator's file is typed by its keys and values", () => {
  expectTypeOf<{
    mapping: { nulls: { placeholder: string }; renames: { a: string } };
    start: { onConflict: "keep"; maxRate: null };
    worker: { logLevel: "debug" };
  }>().toExtend<RehomeConfig>();
  expectTypeOf<{ store: string }>().toExtend<RehomeConfig>();
  expectTypeOf<{ store: { preset: string; table: string } }>().toExtend<RehomeConfig>();
  expectTypeOf<{
    store: {
      sessions: {
        table: string;
        id: string;
        expires: { column: string; as: "epoch-seconds" };
        fields: { a: string; b: { column: string; codec: "hex" } };
      };
      value: { string: string; codec: ["base64", "php-string"] };
    };
  }>().toExtend<RehomeConfig>();
  expectTypeOf<{
    store: { sessions: { table: string; id: string; expires: string }; value: "text" };
  }>().not.toExtend<RehomeConfig>();
  expectTypeOf<{
    store: { sessions: { table: string; id: string } };
  }>().not.toExtend<RehomeConfig>();
  expectTypeOf<{ start: { chunkSize: string } }>().not.toExtend<RehomeConfig>();
  expectTypeOf<{ mapping: { timestamps: "unix" } }>().not.toExtend<RehomeConfig>();
});

describe("a mistake is named by its path, in one line that says what belongs there", () => {
  test.each([
    [{ mapping: { timestamps: "unix" } }, /: mapping\.timestamps: .*"epoch-seconds"/],
    [{ mapping: { nulls: null } }, /: mapping\.nulls: must be "omit", "empty" or \{ placeholder/],
    [{ mapping: { nulls: { placeholder: 0 } } }, /: mapping\.nulls: must be "omit"/],
    [{ mapping: { renames: { user_id: 7 } } }, /: mapping\.renames\.user_id: .*string/],
    [{ mapping: { renames: { "a\nb": 7 } } }, /: mapping\.renames\["a\\nb"\]: .*string/],
    [{ mapping: { renames: { user_id: "email" } } }, /: mapping\.renames\.user_id: .*both.*email/],
    [{ mapping: { keyPrefix: "" } }, /: mapping\.keyPrefix: must not be empty/],
    [{ mapping: [] }, /: mapping: must be an object$/],
    [
      { start: { chunkSize: 0 } },
      /: start\.chunkSize: must be a whole number from 1 to 1000000, or null/,
    ],
    [{ start: { chunkSize: "5" } }, /: start\.chunkSize: must be a whole number/],
    [{ start: { chunkSize: 1.5 } }, /: start\.chunkSize: must be a whole number/],
    [{ start: { onConflict: "older" } }, /: start\.onConflict: .*newer, replace, keep/],
    [{ start: { maxRejects: -1 } }, /: start\.maxRejects: .*from 0, or null/],
    [{ verify: { mode: "all" } }, /: verify\.mode: must be one of/],
    [{ worker: { concurrency: 65 } }, /: worker\.concurrency: .*from 1 to 64/],
    [{ worker: null }, /: worker: must be an object/],
    [{ dashboard: { port: 65_536 } }, /: dashboard\.port: .*from 0 to 65535/],
    [{ dashboard: { host: "" } }, /: dashboard\.host: must be/],
    [null, /: must be an object/],
    [() => ({}), /: must be an object/],
  ])("%j", (content, says) => {
    const message = mistakes(content);
    expect(message).toMatch(says);
    expect(message).toMatch(/^rehome\.config\.ts: .*$/);
  });

  test("and every mistake is named at once", () => {
    const message = mistakes({ start: { chunkSize: 0, maxRate: 0 }, seed: { users: 0 } });
    for (const path of ["start.chunkSize", "start.maxRate", "seed.users"])
      expect(message).toContain(`${path}: `);
  });

  test("with the exit code of a wrong configuration", () => {
    expect(refusal(() => parseConfig("f", { start: 1 }))).toMatchObject({
      code: "bad-config",
      exitCode: 2,
      retryable: false,
    });
  });
});

describe("an unknown key is refused, with those there are,", () => {
  test.each([
    [
      { mappings: {} },
      /: mappings: unknown \(there are: store, mapping, users, start, .*dashboard\)/,
    ],
    [{ mapping: { timestamp: 1 } }, /: mapping\.timestamp: unknown .*timestamps, .*keyPrefix/],
    [
      { mapping: { nulls: { placeholder: "", text: "" } } },
      /: mapping\.nulls\.text: .*: placeholder\)/,
    ],
    [{ worker: { lock: 1 } }, /: worker\.lock: .*lockMs/],
    [{ start: { toString: 1 } }, /: start\.toString: unknown/],
    [{ extends: "github:someone/else" }, /: extends: unknown/],
    [JSON.parse('{"__proto__":{"start":{}}}'), /: __proto__: unknown/],
    [JSON.parse('{"mapping":{"renames":{"__proto__":"p"}}}'), /: mapping\.renames: __proto__/],
  ])("%j", (content, says) => {
    expect(mistakes(content)).toMatch(says);
  });

  test("and a URL with where it belongs, unquoted", () => {
    const secret = "redis://:canary@host";
    for (const content of [
      { QUEUE_URL: secret },
      { queueUrl: secret },
      { worker: { sourceUrl: secret } },
    ]) {
      expect(mistakes(content)).toMatch(/environment only \(SOURCE_URL, TARGET_URL, QUEUE_URL\)/);
      expect(mistakes(content)).not.toContain("canary");
    }
  });
});

test("whatever a file holds, it is taken or refused in one line", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), fc.anything(), (mapping, start) => {
      const message = refusal(() => parseConfig("f", { mapping, start, "\n": 1 })).message;
      expect(message).toMatch(/^f: .*$/);
    }),
    { seed, numRuns: 500 },
  );
});

describe("a setting", () => {
  const all = SECTIONS.flatMap(settingsOf).map(([, setting]) => setting);

  // `rehome config` takes the flags of every section, and their values go by the keys.
  test("has a key, a flag and an environment variable that no other has", () => {
    const keys = SECTIONS.flatMap(settingsOf).map(([key]) => key);
    expect(new Set(keys).size).toBe(all.length);
    expect(new Set(all.map(({ flag }) => flag)).size).toBe(all.length);
    expect(new Set(all.map(({ env }) => env)).size).toBe(all.length);
  });

  test("takes its default as text too", () => {
    for (const setting of all.filter((one) => one.default !== null))
      expect(readSetting(setting, String(setting.default))).toBe(setting.default);
  });

  test("takes no text that the file would not take as a value", () => {
    for (const given of ["", " ", "-1", "1.5", "1e3", "0x10", "many", "null", "9".repeat(20)]) {
      for (const setting of all.filter((one) => one !== SETTINGS.dashboard.host))
        expect(readSetting(setting, given)).toBeUndefined();
    }
    expect(readSetting(SETTINGS.dashboard.host, "127")).toBe("127");
  });
});

test("a switch is true or false, in the file and as text, and off by default", () => {
  const { allowEviction } = SETTINGS.start;
  expect(allowEviction.default).toBe(false);
  expect(readSetting(allowEviction, "true")).toBe(true);
  expect(readSetting(allowEviction, "false")).toBe(false);
  for (const given of ["", "yes", "1", "TRUE"])
    expect(readSetting(allowEviction, given)).toBeUndefined();
  expect(parseConfig("f", { start: { allowEviction: true } }).given.start).toEqual({
    allowEviction: true,
  });
  expect(mistakes({ start: { allowEviction: "yes" } })).toMatch(
    /start\.allowEviction: must be true or false/,
  );
});
