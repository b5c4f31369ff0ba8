import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RehomeError } from "@rehome/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  defaultConfig,
  makeProgram,
  parseCommand,
  reportFailure,
  type Section,
  SECTIONS,
  settingsOf,
  type Values,
  withFlags,
} from "../src/index.js";

const folders: string[] = [];

beforeEach(() => {
  for (const [, { env }] of SECTIONS.flatMap(settingsOf)) vi.stubEnv(env, undefined);
  vi.stubEnv("REHOME_CONFIG", undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** Makes a config file and has it named by the environment. */
async function configure(content: object): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-config-"));
  folders.push(folder);
  const file = join(folder, "a.json");
  await writeFile(file, JSON.stringify(content));
  vi.stubEnv("REHOME_CONFIG", file);
}

async function read<S extends Section>(section: S, ...flags: string[]): Promise<Values<S>> {
  const program = makeProgram("rehome-test", { description: "", help: "" });
  return (await parseCommand(program, section, ["node", "test", ...flags], {})).values;
}

test("a section's values go by the settings' keys, and are complete without flags and file", async () => {
  for (const section of SECTIONS)
    expect(await read(section), section).toStrictEqual(defaultConfig[section]);
  const flags = ["--lock=700", "--stop-timeout=0", "--health-port=1", "--log-level=warn"];
  expect(await read("worker", ...flags)).toStrictEqual({
    ...defaultConfig.worker,
    lockMs: 700,
    stopTimeoutMs: 0,
    healthPort: 1,
    logLevel: "warn",
  });
});

test("the file takes its place after flag and environment, and before the default", async () => {
  await configure({
    worker: { concurrency: 7, lockMs: 700, stopTimeoutMs: 9, healthPort: 1 },
    start: { chunkSize: 8 },
  });
  vi.stubEnv("REHOME_CONCURRENCY", "6");
  vi.stubEnv("REHOME_LOCK_MS", "600");
  expect(await read("worker", "--concurrency", "5")).toStrictEqual({
    ...defaultConfig.worker,
    concurrency: 5,
    lockMs: 600,
    stopTimeoutMs: 9,
    healthPort: 1,
  });
});

test("null in the file is none, and a flag or the environment still goes before it", async () => {
  await configure({ start: { maxRate: null, maxRejects: null } });
  expect(await read("start", "--max-rate", "3")).toMatchObject({ maxRate: 3, maxRejects: null });
  vi.stubEnv("REHOME_MAX_REJECTS", "0");
  expect(await read("start")).toMatchObject({ maxRate: null, maxRejects: 0 });
});

describe("a switch", () => {
  test("stands alone, or says true or false", async () => {
    for (const [flags, expected] of [
      [["--allow-eviction"], true],
      [["--allow-eviction", "--max-rate=1"], true],
      [["--allow-eviction=true"], true],
      [["--allow-eviction=false"], false],
      [[], false],
    ] as const)
      expect((await read("start", ...flags)).allowEviction, flags.join()).toBe(expected);
  });

  test("may be switched off again where the file switches it on", async () => {
    await configure({ start: { allowEviction: true } });
    expect((await read("start")).allowEviction).toBe(true);
    expect((await read("start", "--allow-eviction=false")).allowEviction).toBe(false);
    vi.stubEnv("REHOME_ALLOW_EVICTION", "false");
    expect((await read("start")).allowEviction).toBe(false);
  });
});

test.each([
  ["--lock=many", "It must be a whole number from 500 to 3600000."],
  ["--log-level=loud", "Allowed choices are trace, debug, info, warn, error, silent."],
  ["--lock-ms=700", "unknown option '--lock-ms=700'"],
  ["stray", "too many arguments"],
])("wrong usage is said, and ends the process with 2: %s", async (argument, says) => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  await expect(read("worker", argument)).rejects.toThrow("exit 2");
  expect(said.mock.calls.join()).toContain(says);
});

test("help shows no default for what has none", () => {
  const program = makeProgram("rehome-test", { description: "", help: "" });
  withFlags(program, "start", ["onConflict", "maxRate"]);
  expect(program.helpInformation().replace(/\s+/g, " ")).toContain(
    '(choices: "newer", "replace", "keep", default: "newer", env: REHOME_ON_CONFLICT) --max-rate <n> sessions per second over all workers (env: REHOME_MAX_RATE) -h',
  );
});

describe("what a program ended with is one line on stderr and its exit code:", () => {
  test.each([
    ["expected", new RehomeError("c", "no", { hint: "Try x", exitCode: 2 }), "p: no. Try x\n", 2],
    ["expected, without a hint", new RehomeError("c", "no"), "p: no\n", 1],
    ["unexpected", new TypeError("odd"), "p: TypeError: odd\n", 1],
    ["a syntax error, unquoted", new SyntaxError("canary"), "p: unexpected error\n", 1],
  ])("%s", (_, error, line, exitCode) => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const before = process.exitCode;
    reportFailure("p", error);
    const after = process.exitCode;
    process.exitCode = before;
    expect(write.mock.calls).toEqual([[line]]);
    expect(after).toBe(exitCode);
  });
});
