import type { RehomeError } from "@rehome/core";
import { describe, expect, test } from "vitest";
import { type ConfigReader, noConfig, openConfig } from "../src/index.js";

/** Files by name: a text is JSON, anything else a module's namespace, an error what the module throws. */
function reading(files: Record<string, unknown>, environment = {}): ConfigReader {
  return {
    exists: (file) => Object.hasOwn(files, file),
    readText: async (file) =>
      typeof files[file] === "string" ? files[file] : "export default something",
    importModule: async (file) => {
      if (files[file] instanceof Error) throw files[file];
      return files[file];
    },
    environment,
  };
}

async function refused(named: string | undefined, reader: ConfigReader): Promise<string> {
  const error = await openConfig(named, reader).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "bad-config", exitCode: 2 });
  return (error as RehomeError).message;
}

test("without a file there is no configuration", async () => {
  expect(await openConfig(undefined, reading({ "other.ts": {} }))).toBe(noConfig);
});

test("a file named goes before the one in the directory", async () => {
  const reader = reading({
    "rehome.config.ts": { default: { start: { chunkSize: 1 } } },
    "rehome.config.js": { default: {} },
    "other.json": '{"start":{"chunkSize":2}}',
  });
  expect(await openConfig("other.json", reader)).toMatchObject({
    file: "other.json",
    given: { start: { chunkSize: 2 } },
  });
});

test("a module's default export may be a promise", async () => {
  const reader = reading({ "rehome.config.ts": { default: Promise.resolve({ seed: {} }) } });
  expect((await openConfig(undefined, reader)).given).toEqual({ seed: {} });
});

describe("refused, in words that help, is", () => {
  test("a file named that is not there", async () => {
    expect(await refused("no.ts", reading({}))).toBe('there is no config file "no.ts"');
    expect(await refused("", reading({}))).toBe('there is no config file ""');
  });

  test("more than one file", async () => {
    const reader = reading({ "rehome.config.ts": { default: {} }, "rehome.config.json": "{}" });
    expect(await refused(undefined, reader)).toBe(
      "there are both rehome.config.ts and rehome.config.json",
    );
  });

  test("a module without a default export, which would configure nothing unnoticed", async () => {
    // The last one is what CommonJS makes of a file that was to end in an export.
    for (const module of [{}, { mapping: {} }, undefined, "const config = { start: {} };"])
      expect(await refused("a.ts", reading({ "a.ts": module }))).toMatch(/export default/);
  });

  test("JSON that does not parse, with where", async () => {
    expect(await refused("a.json", reading({ "a.json": '{"start":{},}' }))).toMatch(
      /^a\.json: cannot be read: .*JSON at position 12/,
    );
  });

  test("JSON that does not parse, without what stands there", async () => {
    for (const text of [
      '{"users":[{"passwordHash": canary-secret}]}',
      '"canary-secret',
      "canary",
    ]) {
      const said = await refused("a.json", reading({ "a.json": text }));
      expect(said).toMatch(/^a\.json: cannot be read: .*JSON/);
      expect(said).not.toMatch(/canary|secret|Hash/);
    }
  });

  test("a module that throws, in one line", async () => {
    const reader = reading({ "a.ts": new Error("no\n\u001b[31mred\u2028line") });
    expect(await refused("a.ts", reader)).toBe("a.ts: cannot be read: no [31mred line");
  });
});

test("an error never quotes the environment", async () => {
  const environment = {
    SOURCE_URL: "postgres://ada:canary-pw@host/db",
    LETTERS: "canary-key",
    SHORT: "no",
    REHOME_CONFIG: "conf/a.ts",
  };
  const notJson = await Promise.resolve(environment.SOURCE_URL)
    .then(JSON.parse)
    .catch((error: unknown) => error);
  for (const [thrown, shown] of [
    [new Error(`no ${environment.LETTERS}`), "no …"],
    [new Error("login failed for canary-pw"), "login failed for …"],
    [new Error(`cannot reach ${environment.SOURCE_URL}`), "cannot reach …"],
    [new Error("no such thing in conf/a.ts"), "no such thing in conf/a.ts"],
    [notJson, "Unexpected token 'p', not valid JSON"],
  ]) {
    expect(await refused("conf/a.ts", reading({ "conf/a.ts": thrown }, environment))).toBe(
      `conf/a.ts: cannot be read: ${String(shown)}`,
    );
  }
});
