import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RehomeError } from "@rehome/core";
import { afterEach, describe, expect, test } from "vitest";
import { noConfig, openConfig } from "../src/index.js";

const home = process.cwd();
const folders: string[] = [];

afterEach(async () => {
  process.chdir(home);
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** Makes a folder with these files the current one. */
async function enterFolder(files: Readonly<Record<string, string>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, dirname(name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  process.chdir(folder);
}

async function refused(named: string | undefined, environment = {}): Promise<string> {
  const error = await openConfig(named, environment).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "bad-config", exitCode: 2 });
  return (error as RehomeError).message;
}

test("without a file there is no configuration", async () => {
  await enterFolder({ "other.ts": "export default {}" });
  expect(await openConfig(undefined, {})).toBe(noConfig);
});

test("a file named goes before the one in the directory", async () => {
  await enterFolder({
    "rehome.config.ts": "export default { start: { chunkSize: 1 } }",
    "rehome.config.js": "export default {}",
    "other.json": '{"start":{"chunkSize":2}}',
  });
  expect(await openConfig("other.json", {})).toMatchObject({
    file: "other.json",
    given: { start: { chunkSize: 2 } },
  });
});

test.each([
  ["rehome.config.ts", "export default { seed: {} } satisfies object"],
  ["rehome.config.ts", "export default Promise.resolve({ seed: {} })"],
  ["rehome.config.js", "export default { seed: {} }"],
  ["rehome.config.js", "module.exports = { seed: {} }"],
])("a module gives its default export, or what that promises: %s, %s", async (file, text) => {
  await enterFolder({ [file]: text });
  expect(await openConfig(undefined, {})).toMatchObject({ file, given: { seed: {} } });
});

describe("refused, in words that help, is", () => {
  test("a file named that is not there", async () => {
    expect(await refused("no.ts")).toBe('there is no config file "no.ts"');
    expect(await refused("")).toBe('there is no config file ""');
  });

  test("more than one file", async () => {
    await enterFolder({ "rehome.config.ts": "export default {}", "rehome.config.json": "{}" });
    expect(await refused(undefined)).toBe("there are both rehome.config.ts and rehome.config.json");
  });

  test("a module without a default export, which would configure nothing unnoticed", async () => {
    // The last one is what CommonJS makes of a file that was to end in an export.
    for (const text of [
      "export {}",
      "export const mapping = {};",
      "const config = { start: {} };",
    ]) {
      await enterFolder({ "a.ts": text });
      expect(await refused("a.ts")).toMatch(/export default/);
    }
  });

  test("JSON that does not parse, with where", async () => {
    await enterFolder({ "a.json": '{"start":{},}' });
    expect(await refused("a.json")).toMatch(/^a\.json: cannot be read: .*JSON at position 12/);
  });

  test("JSON that does not parse, without what stands there", async () => {
    for (const text of [
      '{"users":[{"passwordHash": canary-secret}]}',
      '"canary-secret',
      "canary",
    ]) {
      await enterFolder({ "a.json": text });
      const said = await refused("a.json");
      expect(said).toMatch(/^a\.json: cannot be read: .*JSON/);
      expect(said).not.toMatch(/canary|secret|Hash/);
    }
  });

  test("a module that throws, in one line", async () => {
    await enterFolder({ "a.ts": throwing("no\n\u001b[31mred\u2028line") });
    expect(await refused("a.ts")).toBe("a.ts: cannot be read: no [31mred line");
  });
});

function throwing(message: string): string {
  return `throw new Error(${JSON.stringify(message)}); export {}`;
}

test("an error never quotes the environment", async () => {
  const environment = {
    SOURCE_URL: "postgres://ada:canary-pw@host/db",
    LETTERS: "canary-key",
    SHORT: "no",
    REHOME_CONFIG: "conf/a.ts",
  };
  for (const [text, shown] of [
    [throwing(`no ${environment.LETTERS}`), "no …"],
    [throwing("login failed for canary-pw"), "login failed for …"],
    [throwing(`cannot reach ${environment.SOURCE_URL}`), "cannot reach …"],
    [throwing("no such thing in conf/a.ts"), "no such thing in conf/a.ts"],
    [
      `export default JSON.parse(${JSON.stringify(environment.SOURCE_URL)})`,
      "Unexpected token 'p', not valid JSON",
    ],
  ] as const) {
    await enterFolder({ "conf/a.ts": text });
    expect(await refused("conf/a.ts", environment)).toBe(`conf/a.ts: cannot be read: ${shown}`);
  }
});
